using Rqml.Tasks;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>What is drawn as a pure function of what it rests on: the same wherever and however often it is asked for.</summary>
internal struct Hash(ulong seed)
{
    private ulong _state = seed;

    public readonly ulong Value => new SplitMix64(_state).Next();

    public Hash With(ulong value)
    {
        _state = new SplitMix64(_state ^ (value * 0x9E37_79B9_7F4A_7C15)).Next();
        return this;
    }

    public Hash With(double value) => With(BitConverter.DoubleToUInt64Bits(value));

    public Hash With(string? text)
    {
        foreach (var character in text ?? "\0") _state = (_state ^ character) * 0x100_0000_01B3;      // FNV-1a
        return With((ulong)(text?.Length ?? -1));
    }

    /// <summary>Uniform in [0, <paramref name="bound"/>).</summary>
    public readonly int Draw(int bound) => new SplitMix64(_state).NextInt(bound);

    /// <summary>Uniform in [0, 1).</summary>
    public readonly double Share() => new SplitMix64(_state).NextDouble();
}
