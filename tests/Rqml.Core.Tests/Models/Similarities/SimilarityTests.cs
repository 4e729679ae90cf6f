using System.Globalization;
using FsCheck;
using FsCheck.Xunit;

namespace Rqml.Core.Tests.Models.Similarities;

public sealed class SimilarityTests
{
    private static readonly IArtifactSimilarity<double[]> RelativeL2 = Similarity.RelativeL2<double[]>(vector => vector);
    private static readonly IArtifactSimilarity<double[]> Cosine = Similarity.Cosine<double[]>(vector => vector);
    private static readonly IArtifactSimilarity<string> TokenSet = Similarity.TokenSet<string>(text => text);

    public static TheoryData<IArtifactSimilarity<double[]>> VectorMeasures => [RelativeL2, Cosine, Similarity.Embedding<double[]>(Narrowed)];

    [Property]
    public void Vectors_are_alike_within_0_and_1_both_ways_and_1_to_themselves(NormalFloat[] one, NormalFloat[] other)
    {
        foreach (var measure in (IArtifactSimilarity<double[]>[])[RelativeL2, Cosine])
        {
            foreach (var (left, right) in (IEnumerable<(double[], double[])>)[(Numbers(one), Numbers(other)), SameLength(one, other)])
            {
                var similarity = Measure(measure, left, right);
                Assert.InRange(similarity, 0, 1);
                Assert.Equal(similarity, Measure(measure, right, left));
                Assert.Equal(1, Measure(measure, left, [.. left]));
            }
        }
    }

    [Property]
    public void Relative_distance_and_cosine_agree_with_their_textbook_forms(sbyte[] one, sbyte[] other)
    {
        var length = Math.Min(one.Length, other.Length);
        var (left, right) = (one.Take(length).Select(x => (double)x).ToArray(), other.Take(length).Select(x => (double)x).ToArray());
        var (leftNorm, rightNorm) = (Norm(left), Norm(right));
        if (leftNorm == 0 || rightNorm == 0) return;

        var apart = Norm([.. left.Zip(right, (x, y) => x - y)]);
        Assert.Equal(Math.Max(0, 1 - (apart / Math.Max(leftNorm, rightNorm))), Measure(RelativeL2, left, right), precision: 12);
        var cosine = left.Zip(right, (x, y) => x * y).Sum() / leftNorm / rightNorm;
        Assert.Equal(Math.Max(0, cosine), Measure(Cosine, left, right), precision: 12);
    }

    [Theory]
    [InlineData(1e300)]
    [InlineData(1e-300)]
    [InlineData(double.Epsilon)]
    public void Vectors_of_any_size_are_measured_without_overflow(double unit)
    {
        Assert.Equal(Math.Sqrt(0.5), Measure(Cosine, [unit, 0], [unit, unit]), precision: 12);
        Assert.Equal(1 - Math.Sqrt(0.5), Measure(RelativeL2, [unit, 0], [unit, unit]), precision: 12);
        Assert.Equal(0, Measure(RelativeL2, [unit, 0], [-unit, 0]));
    }

    [Theory]
    [MemberData(nameof(VectorMeasures))]
    public void Vectors_of_other_lengths_or_directions_have_nothing_in_common_and_zeros_are_alike(IArtifactSimilarity<double[]> measure)
    {
        Assert.Equal(0, Measure(measure, [1], [1, 0]));
        Assert.Equal(0, Measure(measure, [0], [0, 0]));
        Assert.Equal(0, Measure(measure, [1, 2], [-1, -2]));
        Assert.Equal(0, Measure(measure, [0, 0], [3, 4]));
        Assert.Equal(1, Measure(measure, [0, 0], [0, -0.0]));
    }

    [Theory]
    [MemberData(nameof(VectorMeasures))]
    public void An_element_that_is_no_finite_number_makes_the_measure_NaN(IArtifactSimilarity<double[]> measure)
    {
        foreach (var bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            Assert.Equal(double.NaN, Measure(measure, [1, bad], [1, 2]));
            Assert.Equal(double.NaN, Measure(measure, [1, 2], [bad, 2]));
            Assert.Equal(double.NaN, Measure(measure, [bad, bad], [bad, bad]));
            Assert.Equal(double.NaN, Measure(measure, [1], [bad, 2]));
        }
    }

    [Property]
    public void Texts_are_alike_within_0_and_1_both_ways_and_1_to_themselves(NonNull<string> one, NonNull<string> other)
    {
        var similarity = Measure(TokenSet, one.Get, other.Get);
        Assert.InRange(similarity, 0, 1);
        Assert.Equal(similarity, Measure(TokenSet, other.Get, one.Get));
        Assert.Equal(1, Measure(TokenSet, one.Get, one.Get));
    }

    [Property]
    public void Texts_are_as_alike_as_the_sets_of_their_words(byte[] one, byte[] other)
    {
        var (left, right) = (Words(one), Words(other));
        var expected = left.Length + right.Length == 0 ? 1 : (double)left.Intersect(right).Count() / left.Union(right).Count();
        Assert.Equal(expected, Measure(TokenSet, string.Join(", ", left).ToUpperInvariant(), string.Join('\n', right)));

        static string[] Words(byte[] numbers) => [.. numbers.Select(number => "w" + (number % 16).ToString(CultureInfo.InvariantCulture))];
    }

    [Theory]
    [InlineData("The cat, the CAT!", "cat the", 1.0)]
    [InlineData("one two three", "two three four", 0.5)]
    [InlineData("Straße 42", "straße: 42.", 1.0)]
    [InlineData("ΑΘΗΝΑ, Москва", "αθηνα МОСКВА", 1.0)]
    [InlineData("𐐀𐐁", "𐐨𐐩", 1.0)]                             // letters beyond 16 bits have cases too
    [InlineData("cafe\u0301", "cafe", 0.0)]                     // the accent belongs to its letter
    [InlineData("हिन्दी भाषा", "हिन्दी", 0.5)]
    [InlineData("?!", "...", 1.0)]
    [InlineData("", "word", 0.0)]
    public void Words_are_runs_of_letters_and_digits_in_any_script_and_case(string left, string right, double expected) =>
        Assert.Equal(expected, Measure(TokenSet, left, right));

    [Fact]
    public void Exact_is_the_equality_of_the_type_or_the_one_given()
    {
        Assert.Equal((1, 0), (Measure(Similarity.Exact<string>(), "a", "a"), Measure(Similarity.Exact<string>(), "a", "A")));
        Assert.Equal(1, Measure(Similarity.Exact(StringComparer.OrdinalIgnoreCase), "a", "A"));
    }

    private static double Measure<T>(IArtifactSimilarity<T> similarity, T left, T right)
    {
        var measured = similarity.MeasureAsync(left, right, CancellationToken.None).AsTask();
        Assert.True(measured.IsCompletedSuccessfully, "a measure that has nothing to wait for waited");
        return measured.Result;
    }

    private static ValueTask<ReadOnlyMemory<float>> Narrowed(double[] vector, CancellationToken cancellationToken) => new(vector.Select(x => (float)x).ToArray());

    private static double Norm(double[] vector) => Math.Sqrt(vector.Sum(x => x * x));

    private static double[] Numbers(NormalFloat[] vector) => [.. vector.Select(x => x.Get)];

    private static (double[] Left, double[] Right) SameLength(NormalFloat[] one, NormalFloat[] other)
    {
        var length = Math.Min(one.Length, other.Length);
        return (Numbers(one)[..length], Numbers(other)[..length]);
    }
}
