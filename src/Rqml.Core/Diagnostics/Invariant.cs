using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rqml.Diagnostics;

/// <summary>Safety rules that stay in Release: a machine that finds one broken stops rather than accept a wrong result.</summary>
internal static class Invariant
{
    /// <summary>Throws when <paramref name="condition"/> is false. For our own bugs only: what disk, wire or user bring is answered, never asserted.</summary>
    public static void Holds([DoesNotReturnIf(false)] bool condition, string broken, [CallerMemberName] string where = "")
    {
        if (!condition) Broken(broken, where);
    }

    [DoesNotReturn]
    private static void Broken(string broken, string where) => throw new InvariantBrokenException($"{where}: {broken}.");
}

/// <summary>One of Rqml's own invariants did not hold: a bug in Rqml, never a user's mistake. The part that found it has stopped.</summary>
public sealed class InvariantBrokenException : RqmlException
{
    internal InvariantBrokenException(string message) : base(message) { }
}
