using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Rqml.AspNetCore.Nodes;
using Rqml.Hosting;
using Rqml.Nodes;

namespace Rqml.AspNetCore.Health;

/// <summary>
/// Says of this host's nodes whether they live (else only a restart helps) and whether they are ready for work (else it should go elsewhere). Reasons name types of errors,
/// never their messages: whoever asks may be anybody.
/// </summary>
internal sealed class NodeHealth(RqmlHost host, NodeDrain drain, IOptions<RqmlHttpOptions> options, TimeProvider time)
{
    /// <summary>Whether loop and store go on. A node that its host has stopped in order, or not started yet, is not dead.</summary>
    public async Task<Finding> LivesAsync(CancellationToken cancellationToken)
    {
        var finding = new Finding();
        foreach (var node in host.Nodes)
        {
            if (node.Failure.Task.IsCompletedSuccessfully) finding.Add(HealthStatus.Unhealthy, $"node '{node.Self.Node}' has stopped: {node.Failure.Task.Result.GetType().Name}");
            else if (!node.IsStopped && !await AnswersAsync(node, cancellationToken).ConfigureAwait(false)) finding.Add(HealthStatus.Unhealthy, $"the loop of node '{node.Self.Node}' has not answered within {options.Value.AnswersWithin.TotalSeconds:0.###} s");
        }

        return finding;
    }

    /// <summary>Whether new work should come here, and what makes that less of a good idea.</summary>
    public Finding IsReady()
    {
        var finding = new Finding();
        var nodes = host.Nodes.ToArray();
        if (drain.Stopping.IsCancellationRequested) finding.Add(HealthStatus.Unhealthy, "the host is stopping");
        else if (nodes.Length == 0) finding.Add(HealthStatus.Unhealthy, "the host has not started yet");
        foreach (var node in nodes) Look(node, finding);
        if (nodes.Length > 0 && host.Admission is { } room && room.Taken >= room.MaxOpen) finding.Add(HealthStatus.Degraded, $"the ledger has as many open tasks as it takes, {room.MaxOpen}");
        if (MemoryPressure.OfProcess() is var pressure && pressure >= options.Value.DegradedAtMemory) finding.Add(HealthStatus.Degraded, $"{pressure:P0} of the memory is in use");
        return finding;
    }

    private static void Look(NodeRuntime node, Finding finding)
    {
        var name = node.Self.Node;
        if (node.Failure.Task.IsCompletedSuccessfully) finding.Add(HealthStatus.Unhealthy, $"node '{name}' has stopped: {node.Failure.Task.Result.GetType().Name}");
        else if (node.IsStopped) finding.Add(HealthStatus.Unhealthy, $"node '{name}' has stopped");
        foreach (var scheme in node.LostListeners) finding.Add(HealthStatus.Degraded, $"node '{name}' has lost a listener: other nodes cannot reach it over '{scheme}'");
        if (node.Leadership?.Refusal is not null) finding.Add(HealthStatus.Degraded, $"node '{name}' refuses its coordination store, which has gone back behind what the node knows: was it restored, its generation has to be raised");
        if (!node.IsStopped && node.StoreLostFor is { } lostFor) finding.Add(HealthStatus.Degraded, $"node '{name}' has had no answer from the coordination store for {lostFor.TotalSeconds:0} s: nobody is elected or fenced meanwhile");
        if (node.Node is { } worker) Look(worker, finding);
        else if (node.Ledger is not null && !node.IsStopped) Look(node.Reach, name, finding);
    }

    private static void Look(NodeOrchestrator worker, Finding finding)
    {
        var name = worker.Id;
        switch (worker.Phase)
        {
            case NodePhase.Joining:
                finding.Add(HealthStatus.Unhealthy, NotWelcomed(name));
                break;
            case NodePhase.Degraded:
                finding.Add(HealthStatus.Degraded, $"{CutOff(name)}: it has heard of none for {worker.UnheardFor.TotalSeconds:0} s, and runs what it holds{(worker.IsAlone ? ", and new tasks of its own ledger" : "")}");
                break;
            case NodePhase.Draining:
                finding.Add(HealthStatus.Unhealthy, $"node '{name}' takes nothing new");
                break;
        }

        if (worker.Hanging is > 0 and var hanging) finding.Add(HealthStatus.Degraded, $"{hanging} workers of node '{name}' hang in their models");
    }

    /// <summary>A node that only submits: what it takes is durable, and waits.</summary>
    private static void Look(SchedulerReach reach, NodeId name, Finding finding)
    {
        if (reach == SchedulerReach.Unwelcome) finding.Add(HealthStatus.Unhealthy, NotWelcomed(name));
        else if (reach == SchedulerReach.CutOff) finding.Add(HealthStatus.Degraded, CutOff(name));
    }

    private static string NotWelcomed(NodeId name) => $"node '{name}' has not been welcomed by a scheduler yet";

    private static string CutOff(NodeId name) => $"node '{name}' is cut off from its scheduler";

    private async Task<bool> AnswersAsync(NodeRuntime node, CancellationToken cancellationToken)
    {
        try
        {
            await Ask(node, cancellationToken).WaitAsync(options.Value.AnswersWithin, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (LedgerLostException)
        {
            return true;      // it has stopped between our look and our question; the next look says why
        }
    }

    private static Task Ask(NodeRuntime node, CancellationToken cancellationToken) => node switch
    {
        { Node: { } worker } => worker.GetQueuesAsync(cancellationToken).AsTask(),
        { Ledger: { } ledger } => ledger.AskAsync(machine => machine.OpenCount),
        { Scheduler: { } scheduler } => scheduler.GetStatisticsAsync(cancellationToken).AsTask(),
        _ => Task.CompletedTask,      // its store is being opened
    };
}
