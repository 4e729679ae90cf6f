using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Tests.Traces;

/// <summary>One of three processes: a scheduler, a worker or a submitter. It writes each finished span to a file of its own, as it ends.</summary>
internal static class TracedProcess
{
    /// <summary>What the submitter's own code does; not Rqml's.</summary>
    public const string CallerName = "order placed";

    public const string ModelName = "model calls out";

    /// <summary>What a vendor wrote beside the trace's ids before the submission.</summary>
    public const string State = "vendor=order-7";

    private static readonly ActivitySource Caller = new("Shop");

    public static async Task<int> RunAsync(string role, string address, string folder)
    {
        await using var spans = new StreamWriter(Path.Combine(folder, $"{role}.spans")) { AutoFlush = true };
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Rqml" or "Shop",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans) spans.WriteLine(FinishedSpan.Of(role, span));
            },
        };
        ActivitySource.AddActivityListener(listener);

        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(WebHost.Root, root => root
                .AddModel("newton", (task, _) =>
                {
                    using var call = Caller.StartActivity(ModelName);
                    return new(task.HasArtifact ? (task.Artifact + task.Payload / task.Artifact) / 2 : task.Payload);
                })
                .ConvergeWhenAll(Stability.Over(2)));
            rqml.AddTcp(tcp => tcp.Listen = role == "scheduler" ? address : "tcp://127.0.0.1:0").Configure(options => options.NodeName = role);
            _ = role switch
            {
                "scheduler" => rqml.Roles(NodeRoles.Scheduler),
                "worker" => rqml.JoinScheduler(address).Roles(NodeRoles.Worker),
                _ => rqml.JoinScheduler(address).Roles(NodeRoles.Client),
            };
        });
        using var host = builder.Build();
        await host.StartAsync();
        if (role == "submitter") await SubmitAsync(host.Services.GetRequiredService<IRqmlClient>());
        else await WaitForTheEndAsync();
        await host.StopAsync();
        return 0;
    }

    private static async Task SubmitAsync(IRqmlClient client)
    {
        RefinementHandle<double> task;
        using (var caller = Caller.StartActivity(CallerName))
        {
            caller!.TraceStateString = State;
            task = await client.SubmitAsync(WebHost.Root, 2);
        }

        var result = await task.Completion.WaitAsync(TimeSpan.FromSeconds(60));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Outcome} {result.Iterations} {task.Id}"));
    }

    /// <summary>Whoever started it closes its input.</summary>
    private static async Task WaitForTheEndAsync()
    {
        while (await Console.In.ReadLineAsync() is not null) { }
    }
}

/// <summary>A span as it stands in a process's file.</summary>
internal sealed record FinishedSpan(string Process, string Name, string Kind, string Trace, string Id, string Parent, string Task, string State)
{
    public static string Of(string process, Activity span) => string.Join('\t', process, span.DisplayName, span.Kind, span.TraceId, span.SpanId, span.ParentSpanId, span.GetTagItem("messaging.message.id"), span.TraceStateString);

    public static FinishedSpan Parse(string line) => line.Split('\t') is [var process, var name, var kind, var trace, var id, var parent, var task, var state]
        ? new FinishedSpan(process, name, kind, trace, id, parent, task, state) : throw new FormatException(line);
}
