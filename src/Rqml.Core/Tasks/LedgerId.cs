namespace Rqml;

/// <summary>Names the ledger that took a task. 32 bits, drawn at random when a store is made, never zero; it is part of every task id.</summary>
public readonly record struct LedgerId(uint Value)
{
    /// <summary>Eight hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x8", null);
}
