namespace Quickstart.Learning;

/// <summary>What several classifiers say together of one digit.</summary>
/// <param name="Label">The label with most voices; of equals the one with more confidence behind it, then the smaller.</param>
/// <param name="Voices">How many gave that label.</param>
/// <param name="Members">How many were asked.</param>
public readonly record struct Vote(int Label, int Voices, int Members)
{
    /// <summary>Some member said otherwise: the digit is worth a second look.</summary>
    public bool IsDisputed => Voices < Members;

    public static Vote Of(IEnumerable<Classifier> members, ReadOnlySpan<float> pixels)
    {
        ArgumentNullException.ThrowIfNull(members);
        Span<int> voices = stackalloc int[Digits.LabelCount];
        Span<float> confidence = stackalloc float[Digits.LabelCount];
        voices.Clear();
        confidence.Clear();
        var count = 0;
        foreach (var member in members)
        {
            var prediction = member.Predict(pixels);
            voices[prediction.Label]++;
            confidence[prediction.Label] += prediction.Confidence;
            count++;
        }

        ArgumentOutOfRangeException.ThrowIfZero(count, nameof(members));
        var winner = 0;
        for (var label = 1; label < Digits.LabelCount; label++)
        {
            if ((voices[label], confidence[label]).CompareTo((voices[winner], confidence[winner])) > 0) winner = label;
        }

        return new Vote(winner, voices[winner], count);
    }
}
