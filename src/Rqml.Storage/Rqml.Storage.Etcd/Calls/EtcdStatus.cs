namespace Rqml.Storage.Etcd.Calls;

/// <summary>What etcd says where it refuses: its status codes are too coarse to tell one refusal from another.</summary>
internal static class EtcdStatus
{
    public const string NoUsers = "etcdserver: authentication is not enabled";
    public const string WrongPassword = "etcdserver: authentication failed, invalid user ID or password";
    public const string NoUser = "etcdserver: user name is empty";
    public const string StaleToken = "etcdserver: invalid auth token";
    public const string StaleUsers = "etcdserver: revision of auth store is old";
    public const string NoSpace = "etcdserver: mvcc: database space exceeded";
    public const string TooLarge = "etcdserver: request is too large";
    public const string TooManyOperations = "etcdserver: too many operations in txn request";
    public const string LeaseGone = "etcdserver: requested lease not found";
    public const string Compacted = "etcdserver: mvcc: required revision has been compacted";

    /// <summary>Of the server's gRPC, before etcd has seen the request.</summary>
    public const string LongerThanServerTakes = "grpc: received message larger than max";

    /// <summary>Of our own gRPC, about an answer.</summary>
    public const string LongerThanWeTake = "Received message exceeds the maximum configured message size";
}
