using Microsoft.Extensions.DependencyInjection;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Models;

/// <summary>A class is compared by a type, a measure as it is, or one that the host's services make.</summary>
public sealed class CompareWithTests
{
    public static TheoryData<Action<TaskClassBuilder<string, string>>> Ways =>
    [
        words => words.CompareWith<Always>(),
        words => words.CompareWith(new Always(new Likeness(1))),
        words => words.CompareWith(services => new Always(services.GetRequiredService<Likeness>())),
    ];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Artifacts_whose_bytes_differ_converge_where_the_measure_says_so(Action<TaskClassBuilder<string, string>> compare)
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Count, compare), services => services.AddSingleton(new Likeness(1)));
        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);
        Assert.Equal((Outcome.Converged, 2), (result.Outcome, result.Iterations));
    }

    [Fact]
    public async Task A_vector_that_is_not_finite_fails_the_pass()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Count, words => words.CompareWith(Similarity.Cosine<string>(_ => new[] { double.NaN }))));
        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);
        Assert.StartsWith($"{nameof(ScoreOutOfRangeException)}: The similarity of task class 'words' gave NaN", result.Reason, StringComparison.Ordinal);
    }

    private sealed record Likeness(double Value);

    private sealed class Always(Likeness likeness) : IArtifactSimilarity<string>
    {
        public ValueTask<double> MeasureAsync(string left, string right, CancellationToken cancellationToken) => new(likeness.Value);
    }
}
