namespace Rqml.Storage.Etcd.Protocol;

/// <summary>What every answer of etcd begins with. Null where the server has left it out, which etcd never does.</summary>
internal interface IAnswer
{
    ResponseHeader? Header { get; }
}

internal sealed partial class RangeResponse : IAnswer;

internal sealed partial class TxnResponse : IAnswer;

internal sealed partial class WatchResponse : IAnswer;

internal sealed partial class LeaseGrantResponse : IAnswer;

internal sealed partial class LeaseRevokeResponse : IAnswer;

internal sealed partial class LeaseKeepAliveResponse : IAnswer;

internal sealed partial class LeaseTimeToLiveResponse : IAnswer;
