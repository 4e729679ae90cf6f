using System.IO.Compression;

namespace Quickstart.Learning;

/// <summary>
/// Handwritten digits: 64 pixels in [0, 1], row by row, and a label from 0 to 9 each. Immutable, safe to read from any thread.
/// </summary>
/// <remarks>Where they come from and under which licence: DATA.md beside the file.</remarks>
public sealed class Digits
{
    public const int PixelCount = 64;
    public const int LabelCount = 10;

    // The first 1,000 lines and the rest come from mostly different writers, so this cut makes an honest test.
    private const int TrainingCount = 1_000;
    private const string FileName = "digits.csv.gz";

    private static readonly Lazy<Digits> All = new(ReadFile);
    private static readonly Lazy<Digits> First = new(() => All.Value.Part(..TrainingCount));
    private static readonly Lazy<Digits> Rest = new(() => All.Value.Part(TrainingCount..));

    private readonly float[] _pixels;   // Invariant: _pixels.Length == _labels.Length * PixelCount
    private readonly byte[] _labels;

    private Digits(float[] pixels, byte[] labels)
    {
        _pixels = pixels;
        _labels = labels;
    }

    /// <summary>The first 1,000 lines: all that a trainer may see.</summary>
    public static Digits Training => First.Value;

    /// <summary>The last 797 lines: for the final figure only, never for a choice.</summary>
    public static Digits Test => Rest.Value;

    public int Count => _labels.Length;

    public ReadOnlySpan<float> Pixels(int line) => _pixels.AsSpan(line * PixelCount, PixelCount);

    public int Label(int line) => _labels[line];

    /// <summary>Reads lines of 64 pixel counts from 0 to 16 and a label, separated by commas, until the text ends.</summary>
    /// <exception cref="MalformedDigitException">A line is not of that form.</exception>
    public static Digits Read(TextReader text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var pixels = new List<float>();
        var labels = new List<byte>();
        while (text.ReadLine() is { } line)
        {
            labels.Add(DigitLine.Parse(line, labels.Count + 1, pixels));
        }

        return new Digits([.. pixels], [.. labels]);
    }

    private static Digits ReadFile()
    {
        using var file = typeof(Digits).Assembly.GetManifestResourceStream(FileName)
            ?? throw new FileNotFoundException($"The assembly carries no resource '{FileName}'.", FileName);
        using var text = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        return Read(text);
    }

    private Digits Part(Range lines)
    {
        var (start, count) = lines.GetOffsetAndLength(Count);
        return new Digits(_pixels.AsSpan(start * PixelCount, count * PixelCount).ToArray(), _labels[lines]);
    }
}
