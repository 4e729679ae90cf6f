using System.Globalization;

namespace Rqml.Soak;

/// <summary>What a process says of itself every few seconds.</summary>
/// <param name="Seconds">Of the interval that it covers.</param>
/// <param name="Settled">Tasks settled in the interval.</param>
/// <param name="P50Ms">From submit to settled.</param>
/// <param name="P99Ms">From submit to settled.</param>
/// <param name="ManagedBytes">After a full collection.</param>
/// <param name="WorkingSetBytes">Of the process.</param>
/// <param name="Handles">Open file descriptors.</param>
/// <param name="CpuMs">Processor time in the interval.</param>
internal readonly record struct Sample(double Seconds, long Settled, double P50Ms, double P99Ms, long ManagedBytes, long WorkingSetBytes, int Handles, double CpuMs)
{
    public const string Word = "sample";

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Word} {Seconds:0.###} {Settled} {P50Ms:0.###} {P99Ms:0.###} {ManagedBytes} {WorkingSetBytes} {Handles} {CpuMs:0.#}");

    public static Sample? TryParse(string line)
    {
        var words = line.Split(' ');
        if (words is not [Word, _, _, _, _, _, _, _, _]) return null;
        return new Sample(Number(1), (long)Number(2), Number(3), Number(4), (long)Number(5), (long)Number(6), (int)Number(7), Number(8));

        double Number(int at) => double.Parse(words[at], CultureInfo.InvariantCulture);
    }
}
