using System.Reflection;
using Rqml.Storage.RocksDb;
using Rqml.Testing;
using Rqml.Transports.Tcp;

namespace Rqml.Docs.Tests;

/// <summary>What users reference: the assemblies of the packages, and the types that they may name.</summary>
internal static class PublicAssemblies
{
    public static IReadOnlyList<Assembly> All { get; } = [typeof(IRqmlClient).Assembly, typeof(RocksDbStore).Assembly, typeof(TcpOptions).Assembly, typeof(NodeFaults).Assembly];

    public static IEnumerable<Type> Types => All.SelectMany(assembly => assembly.GetExportedTypes());
}
