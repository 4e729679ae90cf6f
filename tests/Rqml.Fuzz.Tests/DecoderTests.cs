using Rqml.Fuzz.Targets;

namespace Rqml.Fuzz.Tests;

/// <summary>A decoder gives a value or its own refusal, in time and for little memory, and what it accepts it accepts again. eng/fuzz does the same at length.</summary>
public sealed class DecoderTests : IDisposable
{
    // Beside what is kept in the corpus: some seconds for all of them.
    private const int Inputs = 6_000;
    private const ulong Seed = 1;

    private readonly AllTargets _all = new();

    public static TheoryData<string> Names()
    {
        using var all = new AllTargets();
        return [.. all.Targets.Select(target => target.Name)];
    }

    [Theory, MemberData(nameof(Names))]
    public void Whatever_bytes_come_are_read_or_refused(string name)
    {
        var target = _all.Targets.Single(target => target.Name == name);
        var corpus = Corpus.Read(Path.Combine(AppContext.BaseDirectory, "Corpus"), name);
        var fuzzer = new Fuzzer(target, corpus, Seed);

        fuzzer.Run(Inputs / target.Cost);

        Assert.Empty(fuzzer.Faults.Select(fault => $"{Convert.ToBase64String(fault.Input)} {fault.Fault}"));
        Assert.NotEmpty(corpus);
    }

    public void Dispose() => _all.Dispose();
}
