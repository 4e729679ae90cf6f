using System.Collections.Concurrent;
using System.Globalization;

namespace Rqml.Core.Tests.Models.Similarities;

public sealed class EmbeddingSimilarityTests
{
    private readonly ConcurrentQueue<string> _embedded = [];

    [Fact]
    public async Task Artifacts_are_as_alike_as_their_embeddings_point_the_same_way()
    {
        var similarity = Similarity.Embedding<string>(EmbedAsync);
        Assert.Equal(1, await similarity.MeasureAsync("1,0", "2,0", default), precision: 12);
        Assert.Equal(Math.Sqrt(0.5), await similarity.MeasureAsync("1,0", "1,1", default), precision: 12);
        Assert.Equal(0, await similarity.MeasureAsync("1,0", "0,1", default));
        Assert.Equal(0, await similarity.MeasureAsync("1,0", "-1,0", default));
    }

    [Fact]
    public async Task An_artifact_is_embedded_once_and_equal_ones_never()
    {
        var similarity = Similarity.Embedding<string>(EmbedAsync);
        for (var step = 1; step < 10; step++) await similarity.MeasureAsync($"{step},1", $"{step + 1},1", default);
        Assert.Equal(10, _embedded.Count);
        Assert.Equal(1, await similarity.MeasureAsync("never", "never", default));
        Assert.Equal(10, _embedded.Count);
    }

    [Fact]
    public async Task The_embedding_not_used_for_longest_is_forgotten_first()
    {
        var similarity = Similarity.Embedding<string>(EmbedAsync, cached: 2);
        await similarity.MeasureAsync("1", "2", default);
        await similarity.MeasureAsync("1", "3", default);        // "2" goes
        await similarity.MeasureAsync("1", "3", default);
        await similarity.MeasureAsync("1", "2", default);        // "3" goes
        Assert.Equal(["1", "2", "3", "2"], _embedded);
    }

    [Fact]
    public async Task Nothing_is_remembered_where_nothing_shall_be()
    {
        var similarity = Similarity.Embedding<string>(EmbedAsync, cached: 0);
        await similarity.MeasureAsync("1", "2", default);
        await similarity.MeasureAsync("1", "2", default);
        Assert.Equal(4, _embedded.Count);
    }

    [Fact]
    public async Task Artifacts_without_an_equality_of_their_own_are_found_by_the_one_given()
    {
        var similarity = Similarity.Embedding<string[]>(
            (words, cancellationToken) => EmbedAsync(words[0], cancellationToken),
            equality: EqualityComparer<string[]>.Create((x, y) => x![0] == y![0], words => words[0].GetHashCode(StringComparison.Ordinal)));
        await similarity.MeasureAsync(["1"], ["2"], default);
        await similarity.MeasureAsync(["2"], ["1"], default);
        Assert.Equal(1, await similarity.MeasureAsync(["3"], ["3"], default));
        Assert.Equal(["1", "2"], _embedded);
    }

    [Fact]
    public async Task An_embedding_whose_memory_is_used_again_stays_as_it_was()
    {
        var buffer = new float[2];
        var similarity = Similarity.Embedding<string>((artifact, _) =>
        {
            artifact.Split(',').Select(element => float.Parse(element, CultureInfo.InvariantCulture)).ToArray().CopyTo(buffer, 0);
            return new(buffer);
        });
        Assert.Equal(0, await similarity.MeasureAsync("1,0", "0,1", default));
    }

    [Fact]
    public async Task What_embedding_throws_and_cancelling_come_through_and_leave_nothing_behind()
    {
        var failures = 1;
        var similarity = Similarity.Embedding<string>((artifact, cancellationToken) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return failures-- > 0 ? throw new FormatException("It does not embed.") : EmbedAsync(artifact, cancellationToken);
        });
        await Assert.ThrowsAsync<FormatException>(async () => await similarity.MeasureAsync("1", "2", default));
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await similarity.MeasureAsync("1", "2", new CancellationToken(canceled: true)));
        Assert.Equal(1, await similarity.MeasureAsync("1", "2", default));
    }

    [Fact]
    public async Task Many_lanes_may_measure_at_once()
    {
        var similarity = Similarity.Embedding<string>(EmbedAsync, cached: 8);
        await Parallel.ForAsync(0, 2_000, async (step, cancellationToken) =>
        {
            var measured = await similarity.MeasureAsync($"{1 + (step % 13)},1", $"{1 + (step % 7)},1", cancellationToken);
            var (x, y) = (1 + (step % 13), 1 + (step % 7));
            Assert.Equal(((x * y) + 1) / Math.Sqrt(((x * x) + 1) * ((y * y) + 1)), measured, precision: 6);
        });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65_537)]
    public void A_cache_of_no_sensible_size_is_refused(int cached) => Assert.Throws<ArgumentOutOfRangeException>(() => Similarity.Embedding<string>(EmbedAsync, cached));

    private ValueTask<ReadOnlyMemory<float>> EmbedAsync(string artifact, CancellationToken cancellationToken)
    {
        _embedded.Enqueue(artifact);
        return new(artifact.Split(',').Select(element => float.Parse(element, CultureInfo.InvariantCulture)).ToArray());
    }
}
