namespace Rqml.DoesItPay.Labelling;

/// <summary>
/// The second view of a digit: upright, where it leant to one side. Rows move sideways by the slant of the ink, which the second moments tell.
/// </summary>
/// <remarks>M.-K. Hu, "Visual pattern recognition by moment invariants", 1962, for normalising an image by its moments.</remarks>
internal static class Deskew
{
    private const int Side = 8;
    private const float Middle = (Side - 1) / 2f;

    /// <summary>Writes the upright view of 64 pixels; ink that leaves the field is lost.</summary>
    public static void Apply(ReadOnlySpan<float> pixels, Span<float> upright)
    {
        var (middleX, middleY, slant) = Moments(pixels);
        upright.Clear();
        for (var y = 0; y < Side; y++)
        {
            // Each pixel takes its ink from where it stood before: between two neighbours, in proportion.
            var shift = middleX - Middle + (slant * (y - middleY));
            var whole = (int)MathF.Floor(shift);
            var share = shift - whole;
            for (var x = 0; x < Side; x++)
            {
                upright[(y * Side) + x] = ((1 - share) * At(pixels, x + whole, y)) + (share * At(pixels, x + whole + 1, y));
            }
        }
    }

    private static (float MiddleX, float MiddleY, float Slant) Moments(ReadOnlySpan<float> pixels)
    {
        var (ink, sumX, sumY) = (0f, 0f, 0f);
        for (var i = 0; i < pixels.Length; i++)
        {
            ink += pixels[i];
            sumX += pixels[i] * (i % Side);
            sumY += pixels[i] * (i / Side);
        }

        if (ink == 0) return (Middle, Middle, 0);
        var (middleX, middleY) = (sumX / ink, sumY / ink);
        var (mixed, vertical) = (0f, 0f);
        for (var i = 0; i < pixels.Length; i++)
        {
            mixed += pixels[i] * (i % Side - middleX) * (i / Side - middleY);
            vertical += pixels[i] * (i / Side - middleY) * (i / Side - middleY);
        }

        return (middleX, middleY, vertical == 0 ? 0 : mixed / vertical);
    }

    private static float At(ReadOnlySpan<float> pixels, int x, int y) => x is >= 0 and < Side ? pixels[(y * Side) + x] : 0;
}
