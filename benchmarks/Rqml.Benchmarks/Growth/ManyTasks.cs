using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;
using Rqml.Benchmarks.Tasks;

namespace Rqml.Benchmarks.Growth;

/// <summary>Whole tasks of one iteration in memory, with as many classes, lanes and bytes as wanted. The floor is elsewhere: here one size is compared with another.</summary>
internal sealed class ManyTasks : IComparison
{
    private TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>[] _classes = [];
    private IHost _host = null!;
    private IRqmlClient _client = null!;

    public int Classes { get; init; } = 1;

    public int Lanes { get; init; } = Work.Workers;

    public int ArtifactBytes { get; init; } = sizeof(long);

    /// <summary>How long a call of the model waits for something that takes no processor; zero: not at all.</summary>
    public TimeSpan Wait { get; init; }

    public int Operations { get; init; } = 4_000;

    public int InFlight { get; init; } = Work.InFlight;

    public async Task Setup()
    {
        _classes = [.. Enumerable.Range(0, Classes).Select(number => new TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>($"class-{number}"))];
        _host = await BenchmarkHost.StartAsync(rqml =>
        {
            foreach (var @class in _classes) rqml.AddTaskClass(@class, made => made.AddModel("make", MakeAsync).SuperviseWith(new AcceptFirst()));
            rqml.Configure(options => options.Lanes = Lanes);
        });
        _client = _host.Services.GetRequiredService<IRqmlClient>();
    }

    public Task Floor() => throw new NotSupportedException("Sizes are compared with one another.");

    public Task Rqml() => Work.DriveAsync(Operations, InFlight, async number =>
    {
        var task = await _client.SubmitAsync(_classes[number % _classes.Length], Work.NewPayload(Work.PayloadBytes, number));
        var result = await task.Completion;
        if (result.Outcome != Outcome.Converged || result.ArtifactBytes.Length != ArtifactBytes || result.ArtifactBytes.Span[0] != (byte)number) throw new InvalidOperationException($"A task came back as {result.Outcome} with the wrong artifact: {result.Reason}");
    });

    public async Task Cleanup()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private async ValueTask<Refinement<ReadOnlyMemory<byte>>> MakeAsync(RefinementContext<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> context, CancellationToken cancellationToken)
    {
        if (Wait > TimeSpan.Zero) await Task.Delay(Wait, cancellationToken);
        var artifact = new byte[ArtifactBytes];
        artifact[0] = context.Payload.Span[0];
        return new Refinement<ReadOnlyMemory<byte>>(artifact);
    }
}
