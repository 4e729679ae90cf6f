using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Rqml.FaultProxy;
using Rqml.Supervision;

namespace Rqml.AspNetCore.Tests.Traces;

[Collection(OfProcess)]
public sealed class TraceTests
{
    /// <summary>Whoever listens to activities hears those of the whole process: such classes are one collection.</summary>
    public const string OfProcess = "activities";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_task_is_one_connected_trace_over_a_submitter_a_scheduler_and_a_worker_of_three_processes()
    {
        using var folder = new TemporaryFolder();
        var address = $"tcp://127.0.0.1:{FreePort.Next()}";
        using var scheduler = Start("scheduler", address, folder.Path);
        using var worker = Start("worker", address, folder.Path);
        using var submitter = Start("submitter", address, folder.Path);
        var said = await submitter.StandardOutput.ReadToEndAsync().WaitAsync(Limit);
        await submitter.WaitForExitAsync().WaitAsync(Limit);
        Assert.True(said.StartsWith("Converged ", StringComparison.Ordinal), said + await submitter.StandardError.ReadToEndAsync());
        await Task.WhenAll(EndAsync(worker), EndAsync(scheduler));

        var spans = new[] { "submitter", "scheduler", "worker" }.SelectMany(role => File.ReadAllLines(Path.Combine(folder.Path, $"{role}.spans"))).Select(FinishedSpan.Parse).ToArray();
        var caller = Assert.Single(spans, span => span.Name == TracedProcess.CallerName);
        Assert.All(spans, span => Assert.Equal((caller.Trace, TracedProcess.State), (span.Trace, span.State)));
        Assert.All(spans.Where(span => span != caller), span => Assert.Contains(spans, other => other.Id == span.Parent));      // no span hangs in the air

        var iterations = int.Parse(said.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(("submitter", "Producer"), Where(spans, "submit square-root"));
        Assert.Equal(("scheduler", "Internal"), Where(spans, "assign square-root"));
        Assert.Equal(("worker", "Consumer"), Where(spans, "process square-root"));
        Assert.Equal(("submitter", "Internal"), Where(spans, "settle square-root"));
        Assert.Equal(iterations, spans.Count(span => span is { Process: "worker", Name: "iterate square-root" }));
        Assert.Equal(iterations, spans.Count(span => span is { Process: "worker", Name: TracedProcess.ModelName }));
        var iterates = spans.Where(span => span.Name == "iterate square-root").Select(span => span.Id).ToHashSet();
        Assert.All(spans.Where(span => span.Name == TracedProcess.ModelName), span => Assert.Contains(span.Parent, iterates));
        Assert.All(spans.Where(span => span.Task.Length > 0), span => Assert.Equal(said.Split(' ')[2].Trim(), span.Task));
    }

    [Fact]
    public async Task Each_voter_of_a_vote_is_a_span_of_the_tasks_trace_with_what_it_said()
    {
        var asked = new TaskClass<int, string>("asked");
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener { ShouldListenTo = source => source.Name is "Rqml" or "Voters", Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded, ActivityStopped = spans.Enqueue };
        ActivitySource.AddActivityListener(listener);
        using var shop = new ActivitySource("Voters");
        await using var host = await WebHost.StartAsync(rqml => rqml.AddTaskClass(asked, @class => @class
            .AddModel("first", (_, _) => new(new Refinement<string>("same", 0.5)), family: "a")
            .AddModel("second", (_, _) => new(new Refinement<string>("same", 0.5)), family: "b")
            .AddModel("third", (_, _) => new(new Refinement<string>("other", 0.5)), family: "c")
            .ConvergeWhenAll(Stability.Over(2)).AcceptAt(0.9)
            .EscalateWith(Ladder.Of(Rung.Vote))
            .Vote(voters: 3)));
        RefinementHandle<string> task;
        ActivityTraceId trace;
        using (var caller = shop.StartActivity("order placed"))
        {
            trace = caller!.TraceId;
            task = await host.Client.SubmitAsync(asked, 1);
        }

        await task.Completion.WaitAsync(Limit);
        var votes = spans.Where(span => span.DisplayName == "vote asked").ToArray();
        Assert.Equal(3, votes.Length);
        Assert.All(votes, vote => Assert.Equal((trace, task.Id.ToString(), 1), (vote.TraceId, vote.GetTagItem("messaging.message.id"), vote.GetTagItem("rqml.vote"))));
        Assert.Equal(["first", "second", "third"], votes.Select(vote => (string)vote.GetTagItem("rqml.model")!).Order(StringComparer.Ordinal));
        Assert.All(votes, vote => Assert.Contains(vote.GetTagItem("rqml.judgement"), new[] { "Accept", "Reject", "Abstain" }));
    }

    [Fact]
    public async Task A_task_that_nobody_traces_has_no_spans_whoever_listens_later()
    {
        var gate = new Gate("untraced");      // whoever runs beside us is heard too
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml));
        var task = await host.Client.SubmitAsync(gate.Class, 1);
        await gate.Running;
        List<string> heard = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Rqml",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (heard) heard.Add(span.DisplayName);
            },
        };
        ActivitySource.AddActivityListener(listener);
        gate.Release();
        await task.Completion;
        lock (heard) Assert.DoesNotContain(heard, name => name.EndsWith(" untraced", StringComparison.Ordinal));
    }

    private static (string Process, string Kind) Where(FinishedSpan[] spans, string name)
    {
        var span = Assert.Single(spans, span => span.Name == name);
        return (span.Process, span.Kind);
    }

    private static Process Start(string role, string address, string folder) => Process.Start(new ProcessStartInfo("dotnet", [typeof(TraceTests).Assembly.Location, "trace", role, address, folder])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static async Task EndAsync(Process process)
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Limit);
        Assert.True(process.ExitCode == 0, await process.StandardError.ReadToEndAsync());
    }
}
