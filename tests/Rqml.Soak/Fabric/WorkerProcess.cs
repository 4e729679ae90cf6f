namespace Rqml.Soak.Fabric;

/// <summary>A worker of a crew, and where it writes down each call of a model, and each that was given an artifact that no model made.</summary>
internal sealed record WorkerProcess(Child Process, string Node, string Calls, string Wrongs)
{
    public bool IsAtWork => new FileInfo(Calls) is { Exists: true, Length: > 0 };
}
