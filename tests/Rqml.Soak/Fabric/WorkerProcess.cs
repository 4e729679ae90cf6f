namespace Rqml.Soak.Fabric;

/// <summary>A worker of a crew, and where it writes down each call of a model.</summary>
internal sealed record WorkerProcess(Child Process, string Node, string Calls)
{
    public bool IsAtWork => new FileInfo(Calls) is { Exists: true, Length: > 0 };
}
