using System.Reflection;
using Rqml.AspNetCore;
using Rqml.Extensions.AI;
using Rqml.Storage.Etcd;
using Rqml.Storage.RocksDb;
using Rqml.Testing;
using Rqml.Transports.Grpc;
using Rqml.Transports.Tcp;
using Rqml.Transports.ZeroMq;

namespace Rqml.Docs.Tests;

/// <summary>What users reference: the assemblies of the packages, and the types that they may name.</summary>
internal static class PublicAssemblies
{
    public static IReadOnlyList<Assembly> All { get; } = [typeof(IRqmlClient).Assembly, typeof(ChatModelOptions).Assembly, typeof(RocksDbStore).Assembly, typeof(EtcdCoordinationStore).Assembly, typeof(GrpcOptions).Assembly, typeof(TcpOptions).Assembly, typeof(ZeroMqOptions).Assembly, typeof(RqmlHttpOptions).Assembly, typeof(NodeFaults).Assembly];

    public static IEnumerable<Type> Types => All.SelectMany(assembly => assembly.GetExportedTypes());
}
