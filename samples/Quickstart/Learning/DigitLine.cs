using System.Globalization;

namespace Quickstart.Learning;

/// <summary>The grammar of one line of the data: 64 pixel counts from 0 to 16, then a label from 0 to 9.</summary>
internal static class DigitLine
{
    private const int PixelMax = 16;   // each pixel counts the inked dots of a 4x4 field

    /// <summary>Appends the line's 64 pixels, scaled to [0, 1], and returns its label.</summary>
    public static byte Parse(ReadOnlySpan<char> line, int lineNumber, List<float> pixels)
    {
        var field = 0;
        byte label = 0;
        foreach (var range in line.Split(','))
        {
            switch (field++)
            {
                case < Digits.PixelCount:
                    pixels.Add(Number(line[range], PixelMax, lineNumber, field) / (float)PixelMax);
                    break;
                case Digits.PixelCount:
                    label = Number(line[range], Digits.LabelCount - 1, lineNumber, field);
                    break;
            }
        }

        return field == Digits.PixelCount + 1
            ? label
            : throw new MalformedDigitException(lineNumber, $"{field} fields instead of {Digits.PixelCount + 1}");
    }

    private static byte Number(ReadOnlySpan<char> text, int max, int lineNumber, int fieldNumber) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max
            ? number
            : throw new MalformedDigitException(lineNumber, $"field {fieldNumber} is '{text}', not a number from 0 to {max}");
}
