using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;
using Rqml.Testing.Contracts;

namespace Rqml.Transports.Tests;

/// <summary>Submitter, scheduler and worker in hosts of their own: tasks over a transport.</summary>
public abstract class TasksBetweenHostsContract : IAsyncLifetime
{
    private static readonly TaskClass<byte[], byte[]> Class = new("class");
    private readonly List<IHost> _hosts = [];
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds the transport to a host.</summary>
    /// <param name="rqml">The host's builder.</param>
    /// <param name="listen">Where its node listens; null: anywhere.</param>
    protected abstract void Add(IRqmlBuilder rqml, string? listen);

    /// <summary>An address of this machine where nobody listens.</summary>
    protected abstract string NewAddress(string node);

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    [Fact]
    public async Task A_task_goes_from_its_submitter_by_the_scheduler_to_a_worker_and_back()
    {
        var (submitter, _) = await StartAsync();
        var payload = new byte[100_000];
        new Random(1).NextBytes(payload);
        var task = await submitter.SubmitAsync(Class, payload);
        var iterations = new List<Iteration<byte[]>>();
        var watching = WatchAsync();
        var result = await Step.Within("the result", task.Completion);

        Assert.Equal((Outcome.Converged, new NodeId("worker"), 3), (result.Outcome, result.Node, result.Iterations));
        Assert.Equal(payload, result.Artifact);
        await Step.Within("the end of its iterations", watching);

        async Task WatchAsync()
        {
            await foreach (var iteration in task.Iterations()) iterations.Add(iteration);
        }
    }

    [Fact]
    public async Task A_hundred_tasks_at_once_are_each_settled()
    {
        var (submitter, _) = await StartAsync();
        var tasks = await Task.WhenAll(Enumerable.Range(0, 100).Select(number => submitter.SubmitAsync(Class, [(byte)number]).AsTask()));
        foreach (var task in tasks) Assert.Equal(Outcome.Converged, (await Step.Within("a result", task.Completion)).Outcome);
    }

    [Fact]
    public async Task A_task_that_runs_elsewhere_is_cancelled_there()
    {
        var (submitter, stopped) = await StartAsync(waits: true);
        var task = await submitter.SubmitAsync(Class, [1]);
        await Step.Within("the model", _begun.Task);
        Assert.True(await task.CancelAsync());

        Assert.Equal(Outcome.Cancelled, (await Step.Within("the result", task.Completion)).Outcome);
        await Step.Within("the end of the model", stopped.Task);
    }

    private async Task<(IRqmlClient Submitter, TaskCompletionSource Stopped)> StartAsync(bool waits = false)
    {
        var scheduler = NewAddress("scheduler");
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await HostAsync("scheduler", rqml =>
        {
            Add(rqml, scheduler);
            rqml.Roles(NodeRoles.Scheduler);
        });
        await HostAsync("worker", rqml =>
        {
            Add(rqml, null);
            rqml.JoinScheduler(scheduler).Roles(NodeRoles.Worker);
        });
        var submitter = await HostAsync("submitter", rqml =>
        {
            Add(rqml, null);
            rqml.JoinScheduler(scheduler).Roles(NodeRoles.Client);
        });
        return (submitter.Services.GetRequiredService<IRqmlClient>(), stopped);

        Task<IHost> HostAsync(string name, Action<IRqmlBuilder> configure) => StartHostAsync(name, configure, async cancellationToken =>
        {
            if (!waits) return;
            _begun.TrySetResult();
            try
            {
                await _release.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                stopped.TrySetResult();
            }
        });
    }

    private async Task<IHost> StartHostAsync(string name, Action<IRqmlBuilder> configure, Func<CancellationToken, Task> work)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(Class, one => one
                .AddModel("mirror", async (context, cancellationToken) =>
                {
                    await work(cancellationToken);
                    return context.Payload;
                })
                .CompareWith(Similarity.Exact<byte[]>(EqualityComparer<byte[]>.Create((one, other) => one.AsSpan().SequenceEqual(other), bytes => bytes.Length)))
                .ConvergeWhenAll(Stability.Over(3)));
            rqml.Configure(options => options.NodeName = name);
            configure(rqml);
        });
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }
}
