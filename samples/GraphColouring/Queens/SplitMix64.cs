namespace GraphColouring.Queens;

/// <summary>
/// A small seeded generator: the same seed gives the same numbers on every machine and every version of .NET, which
/// <see cref="Random"/> does not promise.
/// </summary>
/// <remarks>SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</remarks>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator of its own for each key, as far from that of a neighbouring key as from any other.</summary>
    public static SplitMix64 For(params ReadOnlySpan<ulong> key)
    {
        var seed = 0UL;
        foreach (var part in key) seed = new SplitMix64(seed ^ part).Next();
        return new SplitMix64(seed);
    }

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A whole number from 0 to <paramref name="bound"/> - 1. Its bias is below 2^-50 for the bounds met here.</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number in [0, 1) that a double holds exactly.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1L << 53));
}
