namespace Rqml.Storage.Etcd.Calls;

/// <summary>What came is no answer that etcd gives. Never leaves this package: callers hear that the store did not answer, and why.</summary>
internal sealed class InvalidAnswerException(string what) : Exception($"it gave what etcd never gives: {what}");
