using System.Buffers.Binary;
using Rqml.Ledgers;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>How the artifacts of a supervised work get on.</summary>
internal enum Course : byte
{
    /// <summary>Better and better, up to what the model can do.</summary>
    Climbs,

    /// <summary>Better at first, then other artifacts that are as good.</summary>
    Stalls,

    /// <summary>The same few artifacts again and again.</summary>
    Oscillates,

    /// <summary>Worse and worse.</summary>
    Diverges,

    /// <summary>Up and down.</summary>
    Wanders,
}

/// <summary>A supervised task's payload: its course, and the seed that decides what each model makes of it.</summary>
internal sealed record SupervisedWork(int Number, ClassKey Class, ulong Seed, Course Course, TaskBudget Budget, TimeSpan? Deadline) : IWork
{
    /// <summary>Votes of one task, more than any run has.</summary>
    private const int MostVotes = 256;

    public byte[] ToBytes()
    {
        var bytes = new byte[13];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(4), Seed);
        bytes[12] = (byte)Course;
        return bytes;
    }

    /// <summary>What a model is to know of it.</summary>
    public static (ulong Seed, Course Course) Read(ReadOnlySpan<byte> payload) => (BinaryPrimitives.ReadUInt64LittleEndian(payload[4..]), (Course)payload[12]);

    /// <summary>What a model of that tier makes of an artifact: the same whenever the pass is made again.</summary>
    public static Sketch Refine(ReadOnlySpan<byte> payload, Sketch before, in PassInfo pass, int tier)
    {
        var (seed, course) = Read(payload);
        var drawn = new Hash(seed).With((ulong)pass.Iteration).With(pass.Seed).With(pass.Model);
        var most = 0.6 + 0.18 * tier;
        var climbed = before.Quality + Math.Max(0, most - before.Quality) * (0.4 + 0.3 * drawn.Share());
        return course switch
        {
            Course.Climbs => new Sketch(Rounded(climbed), drawn.Draw(8) == 0 ? drawn.Value : before.Mark),
            Course.Stalls => new Sketch(pass.Iteration <= 2 ? Rounded(climbed) : before.Quality, drawn.Value),
            Course.Oscillates => new Sketch(0.5 + 0.125 * (pass.Iteration % 3), (ulong)(pass.Iteration % 3)),
            Course.Diverges => new Sketch(Rounded(pass.Iteration == 1 ? 0.7 : Math.Max(0, before.Quality - 0.1 * drawn.Share())), drawn.Value),
            _ => new Sketch(Rounded(drawn.Share()), drawn.Value),
        };

        // Sums and differences of such numbers are exact.
        static double Rounded(double quality) => Math.Round(quality * 1_024) / 1_024;
    }

    /// <summary>Which vote of the task a voter's pass is for: its seed tells.</summary>
    public static int VoteOf(ReadOnlySpan<byte> payload, in PassInfo pass)
    {
        var (seed, _) = Read(payload);
        for (var number = 1; number <= MostVotes; number++)
        {
            if (Tasks.Seeds.OfPass(seed, -number, pass.Number) == pass.Seed) return number;
        }

        throw new InvalidOperationException($"A voter's pass {pass} belongs to no vote.");
    }

    public void Check(Judge judge, TaskId id, Settlement settlement)
    {
        judge.Supervision.Settled(this, id, settlement);
        if (settlement.Outcome == Outcome.Poisoned && !judge.MayBeConvicted(id)) judge.Violated('g', $"{id} was convicted though too few workers and nodes died of it");
        if (settlement.Outcome == Outcome.DeadlineExceeded && Deadline is null) judge.Violated('a', $"{id} has no deadline, and exceeded it");
    }
}
