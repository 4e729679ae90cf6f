using System.Buffers;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Models;

/// <summary>What a model gave once stays as it was given.</summary>
public sealed class ArtifactBytesTests
{
    private static readonly TaskClass<string, ReadOnlyMemory<byte>> Raw = new("raw");
    private static readonly TaskClass<byte[], ReadOnlyMemory<byte>> Marked = new("marked", ValueSerializer.RawArray, new Marking());

    [Fact]
    public async Task A_model_that_uses_its_buffer_again_changes_no_artifact()
    {
        var buffer = new byte[1];
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Raw, raw => raw.AddModel("model", Refine).Limit(iterations: 3)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Raw, "a")).Completion);

        Assert.Equal((Outcome.BudgetExhausted, 1.0), (result.Outcome, result.Score));
        Assert.Equal([1], result.Artifact.ToArray());      // the first was the best

        ValueTask<Refinement<ReadOnlyMemory<byte>>> Refine(RefinementContext<string, ReadOnlyMemory<byte>> context, CancellationToken cancellationToken)
        {
            buffer[0] = (byte)context.Iteration;
            return new(new Refinement<ReadOnlyMemory<byte>>(buffer, Confidence: 1.0 / context.Iteration));
        }
    }

    [Fact]
    public async Task Bytes_go_through_the_serializer_of_their_class()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Marked, marked => marked.AddModel("model", (_, _) => new(new Refinement<ReadOnlyMemory<byte>>(new byte[] { 1, 2 }))).Limit(iterations: 1)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Marked, [])).Completion);

        Assert.Equal([77, 1, 2], result.ArtifactBytes.ToArray());
        Assert.Equal([1, 2], result.Artifact.ToArray());
    }

    /// <summary>Writes a mark before the bytes, and takes it off again.</summary>
    private sealed class Marking : IValueSerializer<ReadOnlyMemory<byte>>
    {
        public void Serialize(ReadOnlyMemory<byte> value, IBufferWriter<byte> target) => target.Write<byte>([77, .. value.Span]);

        public ReadOnlyMemory<byte> Deserialize(ReadOnlyMemory<byte> source) => source[1..];
    }
}
