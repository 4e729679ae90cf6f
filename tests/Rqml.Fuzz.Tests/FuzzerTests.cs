namespace Rqml.Fuzz.Tests;

/// <summary>The fuzzer notices what it is there for.</summary>
public sealed class FuzzerTests
{
    private static readonly byte[][] Seeds = [[1, 2, 3, 4, 5, 6, 7, 8]];

    [Fact]
    public void Another_error_than_the_typed_one_is_a_fault() =>
        Assert.Contains("IndexOutOfRange", Run(bytes => bytes.Length < 3 ? [bytes[3]] : bytes), StringComparison.Ordinal);

    [Fact]
    public void Memory_beyond_measure_is_a_fault() =>
        Assert.Contains("made the decoder allocate", Run(bytes => bytes.Length == 9 ? Greedy() : bytes), StringComparison.Ordinal);

    [Fact]
    public void A_value_that_is_another_when_it_was_written_again_is_a_fault() =>
        Assert.Contains("is another when it had been written again", Run(bytes => [.. bytes.Take(20), 1]), StringComparison.Ordinal);

    [Fact]
    public void A_value_that_is_refused_when_it_was_written_again_is_a_fault() =>
        Assert.Contains("refused when it had been written again", Run(bytes => bytes.Length == 9 ? [1] : bytes.Length == 1 ? null : bytes), StringComparison.Ordinal);

    [Fact]
    public void The_same_seed_finds_the_same()
    {
        Assert.Equal(Run(Odd), Run(Odd));

        static byte[] Odd(byte[] bytes) => bytes.Length > 4 && bytes[2] == 0xFF ? throw new InvalidOperationException(Convert.ToHexString(bytes)) : bytes;
    }

    private static byte[] Greedy()
    {
        var much = new byte[1 << 20];
        return much[..1];
    }

    private static string Run(Func<byte[], byte[]?> read)
    {
        var fuzzer = new Fuzzer(new FuzzTarget("broken", Seeds, read), [], seed: 1);
        fuzzer.Run(5_000);
        return Assert.Single(fuzzer.Faults.Take(1)).Fault;
    }
}
