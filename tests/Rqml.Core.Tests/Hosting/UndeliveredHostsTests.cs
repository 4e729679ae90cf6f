using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rqml.Hosting;

namespace Rqml.Core.Tests.Hosting;

/// <summary>A host that goes on with the tasks of a submitter whose process has died, and what becomes of the results.</summary>
[SuppressMessage("Design", "CA1001", Justification = "What lies in memory holds nothing.")]
public sealed class UndeliveredHostsTests
{
    private const int Tasks = 6;
    private const int LongWord = 300 * 1_024;      // of these three fit into the least bound there is

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000));
    private readonly KeptStore _submitted = new();
    private readonly KeptStore _worked = new();
    private readonly KeptLogs _logs = new();
    private readonly Passes _passes = new();

    [Fact]
    public async Task Results_wait_on_disk_until_their_submitter_is_back_and_none_is_made_again()
    {
        const string Name = "kept";
        var works = await StartWorkingAsync(Name);
        var ids = await SubmitAndDieAsync(Name, works, wordLength: 10);
        await works.Pass(TimeSpan.FromMinutes(3));
        Assert.Equal(Tasks, works.Main.Node!.Machine.OutboundCount);

        await works.DisposeAsync();
        await using var again = await StartWorkingAsync(Name);
        Assert.Equal(Tasks, again.Main.Node!.Machine.OutboundCount);

        await AllSettleAsync(Name, again, ids);
        Assert.All(_passes.Begun, begun => Assert.Equal(1, begun.Value));
        Assert.DoesNotContain(_logs.Lines, line => line.StartsWith("Warning 2215", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Beyond_the_bytes_that_may_wait_the_oldest_results_go_and_their_tasks_alone_run_again()
    {
        const string Name = "kept-bytes";
        await using var works = await StartWorkingAsync(Name, options => options.MaxUndeliveredBytes = 1 << 20);
        var ids = await SubmitAndDieAsync(Name, works, LongWord);
        await works.Pass(TimeSpan.FromSeconds(50));
        Assert.Equal(Tasks, works.Main.Node!.Machine.OutboundCount);      // none goes within its first minute
        await works.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(3, works.Main.Node!.Machine.OutboundCount);
        Assert.Contains(_logs.Lines, line => line.StartsWith("Warning 2215", StringComparison.Ordinal) && line.Contains("NoRoom", StringComparison.Ordinal));

        await AllSettleAsync(Name, works, ids);
        Assert.Equal((Tasks / 2, Tasks / 2), (_passes.Begun.Count(begun => begun.Value == 1), _passes.Begun.Count(begun => begun.Value == 2)));
    }

    [Fact]
    public async Task What_has_waited_for_too_long_goes_and_its_task_runs_again_once_the_submitter_is_back()
    {
        const string Name = "kept-time";
        await using var works = await StartWorkingAsync(Name, options => options.KeepUndelivered = TimeSpan.FromMinutes(2));
        var ids = await SubmitAndDieAsync(Name, works, wordLength: 10);
        await works.Pass(TimeSpan.FromSeconds(110));
        Assert.Equal(Tasks, works.Main.Node!.Machine.OutboundCount);
        await works.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(0, works.Main.Node!.Machine.OutboundCount);
        Assert.Contains(_logs.Lines, line => line.StartsWith("Warning 2215", StringComparison.Ordinal) && line.Contains("Expired", StringComparison.Ordinal));

        await AllSettleAsync(Name, works, ids);
        Assert.All(_passes.Begun, begun => Assert.Equal(2, begun.Value));
    }

    /// <summary>The submitter dies once every task has begun; then the tasks run to their ends.</summary>
    private async Task<List<TaskId>> SubmitAndDieAsync(string name, TestHost works, int wordLength)
    {
        var submits = await StartSubmittingAsync(name);
        var ids = new List<TaskId>();
        for (var number = 0; number < Tasks; number++) ids.Add(await SubmitAsync(number));
        await PassSlowlyAsync("all have begun", works, submits, () => _passes.AllBegun.IsCompleted);
        await submits.Main.KillAsync();
        _passes.Release();
        await submits.DisposeAsync();
        await TestHost.Until("every task has ended", () => works.Main.Node!.Machine.OutboundCount == Tasks);
        return ids;

        async Task<TaskId> SubmitAsync(int number)
        {
            var task = submits.Client.SubmitAsync(Words.Class, new string((char)('a' + number), wordLength)).AsTask();
            await PassSlowlyAsync("a submission", works, submits, () => task.IsCompleted);
            return (await task).Id;
        }
    }

    private async Task AllSettleAsync(string name, TestHost works, List<TaskId> ids)
    {
        await using var submits = await StartSubmittingAsync(name);
        foreach (var id in ids)
        {
            var task = await TestHost.Step("the task is found", submits.Client.AttachAsync(Words.Class, id).AsTask());
            await PassSlowlyAsync("completion", works, submits, () => task.Completion.IsCompleted);
            Assert.Equal(Outcome.Converged, (await task.Completion).Outcome);
        }

        await PassSlowlyAsync("nothing is kept any more", works, submits, () => works.Main.Node!.Machine.OutboundCount == 0);
    }

    /// <summary>The hosts' time passes only where nothing else happens, and little of it: on a machine in use what is on its way would have waited for a minute otherwise.</summary>
    private async Task PassSlowlyAsync(string step, TestHost works, TestHost submits, Func<bool> hasCome)
    {
        var begin = TimeProvider.System.GetTimestamp();
        var seen = (Kept: -1, Begun: -1);
        for (var round = 0; !hasCome(); round++)
        {
            if (TimeProvider.System.GetElapsedTime(begin) > TestStep.Limit) throw new TimeoutException($"'{step}' did not come within {TestStep.Limit.TotalSeconds} s.");
            if (round % 50 == 0)
            {
                var now = (works.Main.Node!.Machine.OutboundCount, _passes.Begun.Values.Sum());
                if (now == seen) _time.Advance(TimeSpan.FromMilliseconds(50));
                seen = now;
            }

            await works.Main.Node!.GetQueuesAsync();
            await submits.Client.ListAsync().ToListAsync();
        }
    }

    private Task<TestHost> StartWorkingAsync(string name, Action<RqmlOptions>? options = null) =>
        StartAsync($"{name}-works", _worked, rqml => rqml.AddInProcess().Roles(NodeRoles.Scheduler | NodeRoles.Worker).AddWords(_passes.Refine).Configure(all =>
        {
            all.Lanes = Tasks;
            options?.Invoke(all);
        }));

    private Task<TestHost> StartSubmittingAsync(string name) =>
        StartAsync($"{name}-submits", _submitted, rqml => rqml.AddInProcess().JoinScheduler($"inproc://{name}-works").Roles(NodeRoles.Client).AddWords(_passes.Refine));

    private Task<TestHost> StartAsync(string node, KeptStore store, Action<IRqmlBuilder> configure) => TestHost.StartAsync(
        rqml => configure(rqml.UseStore("kept", _ => store).Configure(options => options.NodeName = node)),
        services => services.AddLogging(logging => logging.AddProvider(_logs)),
        _time);

    /// <summary>A model that counts how often each payload's first iteration is asked for, and goes no further before it is released.</summary>
    private sealed class Passes
    {
        private readonly TaskCompletionSource _allBegun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentDictionary<string, int> Begun { get; } = new();

        public Task AllBegun => _allBegun.Task;

        public void Release() => _released.TrySetResult();

        public async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            if (context.Iteration == 1) Begun.AddOrUpdate(context.Payload, 1, static (_, before) => before + 1);
            if (Begun.Count == Tasks) _allBegun.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
            return context.Payload;
        }
    }
}
