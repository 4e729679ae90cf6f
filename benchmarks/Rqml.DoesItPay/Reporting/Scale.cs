namespace Rqml.DoesItPay.Reporting;

/// <summary>What is counted, in which unit, and how many decimals are worth showing: <c>accuracy, %</c>.</summary>
public sealed record Scale(string Name, string Unit, int Decimals)
{
    public override string ToString() => $"{Name}, {Unit}";
}
