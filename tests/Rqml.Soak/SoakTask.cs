using System.Buffers.Binary;

namespace Rqml.Soak;

/// <summary>The classes of tasks in a soak, by what they ask of a node.</summary>
internal enum SoakKind
{
    /// <summary>Two iterations over few bytes.</summary>
    Quick,

    /// <summary>Ten checkpoints.</summary>
    Long,

    /// <summary>Artifacts on both sides of the limit above which they lie in segment files.</summary>
    Sized,

    /// <summary>Artifacts of up to 2 MiB.</summary>
    Large,

    /// <summary>Models that wait, so that cancels, deadlines and kills meet them at work.</summary>
    Patient,

    /// <summary>A small model that mostly throws, and a larger one.</summary>
    Faulty,
}

/// <summary>What the task of a number is: it follows from (seed, number) alone, so that every life of the process and the judge know it.</summary>
internal readonly record struct SoakTask(long Number, SoakKind Kind, int Iterations, int ArtifactBytes, int PauseMs, int? CancelAfterMs, int? DeadlineMs)
{
    private const int HeaderBytes = sizeof(long) + sizeof(int);

    public static SoakTask Of(ulong seed, long number)
    {
        var random = new Random(Mix(seed, number));
        var kind = random.Next(1_000) switch { < 620 => SoakKind.Quick, < 920 => SoakKind.Long, < 950 => SoakKind.Sized, < 951 => SoakKind.Large, < 970 => SoakKind.Patient, _ => SoakKind.Faulty };
        var isVictim = kind == SoakKind.Patient ? random.Next(2) == 0 : random.Next(50) == 0;
        var cancelled = isVictim && random.Next(2) == 0;
        return new SoakTask(
            number, kind,
            Iterations: kind switch { SoakKind.Quick => 2, SoakKind.Long => 10, _ => 4 },
            ArtifactBytes: kind switch { SoakKind.Sized => random.Next(16 << 10, 128 << 10), SoakKind.Large => random.Next(256 << 10, 2 << 20), _ => random.Next(64, 1 << 10) },
            PauseMs: kind == SoakKind.Patient ? random.Next(5, 60) : 0,
            CancelAfterMs: cancelled ? random.Next(0, 400) : null,
            DeadlineMs: isVictim && !cancelled ? random.Next(20, 400) : null);
    }

    public static long NumberIn(ReadOnlyMemory<byte> payload) => BinaryPrimitives.ReadInt64LittleEndian(payload.Span);

    public byte[] Payload()
    {
        var payload = new byte[256];
        BinaryPrimitives.WriteInt64LittleEndian(payload, Number);
        payload.AsSpan(HeaderBytes).Fill((byte)Number);
        return payload;
    }

    /// <summary>What an iteration makes of the one before: noise and zeros in halves, other ones each time, and the same in the last, which makes the task converge.</summary>
    public byte[] ArtifactAfter(int iteration)
    {
        var step = Math.Min(iteration, Iterations - 1);
        var artifact = new byte[ArtifactBytes];
        new Random(Mix((ulong)step, Number)).NextBytes(artifact.AsSpan(0, ArtifactBytes / 2));
        BinaryPrimitives.WriteInt64LittleEndian(artifact, Number);
        BinaryPrimitives.WriteInt32LittleEndian(artifact.AsSpan(sizeof(long)), step);
        return artifact;
    }

    /// <summary>Whether this is the artifact that an iteration may have left.</summary>
    public bool IsAfter(ReadOnlyMemory<byte> artifact, int iteration) => artifact.Span.SequenceEqual(ArtifactAfter(iteration));

    // SplitMix64's finalizer (Steele, Lea, Flood 2014): System.HashCode differs from process to process.
    private static int Mix(ulong seed, long number)
    {
        var z = unchecked((ulong)number + (seed << 40) + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return unchecked((int)(z ^ (z >> 31)));
    }
}
