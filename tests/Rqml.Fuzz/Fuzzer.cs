namespace Rqml.Fuzz;

/// <summary>Feeds one target, and keeps for further mutation whatever is answered in a way that was not seen before.</summary>
/// <remarks>
/// What is new is told by the answer itself: the words of the refusal without its numbers, or the lengths of what was accepted, and how much was allocated.
/// Our decoders name what they refuse, so that this leads nearly as far as a trace of the code would, and needs no instrumented build.
/// </remarks>
internal sealed class Fuzzer(FuzzTarget target, IReadOnlyList<byte[]> corpus, ulong seed)
{
    private const int MostKept = 4_096;
    private const long BytesAtLeast = 128 << 10;

    private readonly Mutator _mutator = new(seed);
    private readonly List<byte[]> _pool = [.. target.Seeds, .. corpus];
    private readonly Dictionary<string, byte[]> _answers = [];

    public long Inputs { get; private set; }

    public long Accepted { get; private set; }

    /// <summary>The faults, each with its input.</summary>
    public List<(byte[] Input, string Fault)> Faults { get; } = [];

    /// <summary>For each kind of answer the shortest input that got it.</summary>
    public IEnumerable<byte[]> Kept => _answers.Values;

    public int Answers => _answers.Count;

    public void Run(long inputs)
    {
        using var watchdog = new Watchdog(target.Name);
        foreach (var input in target.Seeds.Concat(corpus)) Try(input, watchdog);
        while (Inputs < inputs && Faults.Count < 10)
        {
            var input = _mutator.Next(_pool, target.IsText);
            if (target.Repair is { } repair && _mutator.Below(3) > 0) input = repair(input);
            Try(input, watchdog);
        }
    }

    /// <summary>What is wrong with the target's answer to the input; null where nothing is.</summary>
    public static string? FaultOf(FuzzTarget target, byte[] input) => Answer(target, input).Fault;

    private void Try(byte[] input, Watchdog watchdog)
    {
        Inputs++;
        watchdog.Watch(input);
        var (fault, answer, isAccepted) = Answer(target, input);
        if (fault is not null) (fault, answer, isAccepted) = Answer(target, input);      // the first exception of a process, and the first call, cost what no other does
        if (fault is not null && !_answers.ContainsKey(answer)) Faults.Add((input, fault));      // one of a kind
        if (isAccepted) Accepted++;
        if (_answers.TryGetValue(answer, out var known))
        {
            if (input.Length < known.Length) _answers[answer] = input;
            return;
        }

        if (_answers.Count >= MostKept) return;
        _answers.Add(answer, input);
        _pool.Add(input);
    }

    private static (string? Fault, string Answer, bool IsAccepted) Answer(FuzzTarget target, byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        byte[]? written;
        string answer;
        try
        {
            written = target.Read(input);
            answer = written is null ? "refused" : $"accepted {LengthOf(written.Length)}";
        }
        catch (Exception error) when (target.Refusals.Contains(error.GetType()))
        {
            written = null;
            answer = target.IsText ? error.GetType().Name : WithoutNumbers(error);      // a refused text is often part of the refusal
        }
        catch (Exception error)
        {
            return ($"raised {error}", WithoutNumbers(error), false);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        answer = $"{answer} {LengthOf(allocated)}";
        if (allocated > BytesAtLeast + target.BytesPerByte * input.Length) return ($"has {input.Length} bytes and made the decoder allocate {allocated}", answer, false);
        if (written is null) return (null, answer, false);
        return (Again(target, written), answer, true);
    }

    /// <summary>What was accepted and written down again is accepted again, and is the same.</summary>
    private static string? Again(FuzzTarget target, byte[] written)
    {
        try
        {
            if (target.Read(written) is not { } again) return "was accepted, and refused when it had been written again";
            return again.AsSpan().SequenceEqual(written) ? null : $"was accepted, and is another when it had been written again: {Convert.ToHexString(written)} and {Convert.ToHexString(again)}";
        }
        catch (Exception error)
        {
            return $"was accepted, and when it had been written again raised {error}";
        }
    }

    private static int LengthOf(long bytes) => 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)bytes);

    private static string WithoutNumbers(Exception error) =>
        $"{error.GetType().Name} {new string([.. error.Message.Where(c => !char.IsAsciiHexDigit(c) && c is not ('-' or '.'))])} {(error.InnerException is { } inner ? WithoutNumbers(inner) : "")}";
}
