using Rqml.Hosting;

namespace Rqml.Administration;

/// <summary>The operator's door of a host.</summary>
internal sealed class RqmlAdministration(RqmlHost host) : IRqmlAdministration
{
    private const int LongestReason = 1_024;

    public async Task<ClusterView> ListNodesAsync(CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(new AdministrationRequest(AdministrationKind.ListNodes), default, cancellationToken);
        return new ClusterView(answer.Leader, answer.Term, answer.Nodes);
    }

    public async Task DrainAsync(NodeId node, CancellationToken cancellationToken = default) =>
        _ = Of(node, await AskAsync(new AdministrationRequest(AdministrationKind.Drain) { Node = Valid(node) }, default, cancellationToken));

    public async Task ResumeAsync(NodeId node, CancellationToken cancellationToken = default) =>
        _ = Of(node, await AskAsync(new AdministrationRequest(AdministrationKind.Resume) { Node = Valid(node) }, default, cancellationToken));

    public async Task<long> RaiseGenerationAsync(CancellationToken cancellationToken = default)
    {
        if (host.Main.IsStopped) throw new ShuttingDownException(host.Main.Self.Node);
        var leadership = host.Main.Leadership ?? throw new NoCoordinationStoreException(host.Main.Self.Node);
        return await leadership.RaiseGenerationAsync(host.Main.Administrator.NewNonce(), cancellationToken);
    }

    public async Task<ParkedTasks> ListParkedAsync(CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(new AdministrationRequest(AdministrationKind.ListParked), default, cancellationToken);
        return new ParkedTasks(answer.ParkedTotal, answer.Parked);
    }

    public async Task ReleaseAsync(TaskId task, CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(new AdministrationRequest(AdministrationKind.Release), task, cancellationToken);
        if (answer.Verdict == AdministrationVerdict.NotParked) throw new TaskNotParkedException(task);
        if (answer.Verdict == AdministrationVerdict.UnknownTask) throw new UnknownTaskException(task);
    }

    public async Task<bool> FailAsync(TaskId task, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        if (reason.Length > LongestReason) throw new ArgumentException($"A reason has 1 to {LongestReason} characters, not {reason.Length}.", nameof(reason));
        var answer = await AskAsync(new AdministrationRequest(AdministrationKind.Fail) { Reason = reason }, task, cancellationToken);
        return answer.Verdict switch
        {
            AdministrationVerdict.UnknownTask => throw new UnknownTaskException(task),
            AdministrationVerdict.LedgerSilent => throw new LedgerLostException(answer.Ledger),
            _ => answer.Verdict == AdministrationVerdict.Done,
        };
    }

    private Task<AdministrationAnswer> AskAsync(AdministrationRequest request, TaskId task, CancellationToken cancellationToken) => host.Main.Administrator.AskAsync(request, task, cancellationToken);

    private static NodeId Valid(NodeId node) =>
        NodeId.IsValid(node.Value) ? node : throw new ArgumentException("There is no node without a name.", nameof(node));

    private static AdministrationAnswer Of(NodeId node, AdministrationAnswer answer) => answer.Verdict switch
    {
        AdministrationVerdict.UnknownNode => throw new UnknownNodeException(node),
        AdministrationVerdict.NodeGone => throw new NodeGoneException(node),
        AdministrationVerdict.NodeLeaving => throw new NodeLeavingException(node),
        AdministrationVerdict.CalledOff => throw new DrainCalledOffException(node),
        _ => answer,
    };
}
