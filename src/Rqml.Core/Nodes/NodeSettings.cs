using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>What the host says of a node. Immutable.</summary>
internal sealed record NodeSettings
{
    /// <summary>The kind of lane that every node has.</summary>
    public const string Processor = "cpu";

    public static IReadOnlyDictionary<string, int> NoDevices { get; } = new Dictionary<string, int>();

    /// <summary>Lanes by kind of device; "cpu" is always among them.</summary>
    public required IReadOnlyDictionary<string, int> Lanes { get; init; }

    /// <summary>Attempts at most: lanes and inbound window.</summary>
    public required int Limit { get; init; }

    /// <summary>What the node runs, and the kind of lane that each of a class's models needs, in the order of the models.</summary>
    public required IReadOnlyDictionary<ClassKey, IReadOnlyList<string>> Models { get; init; }

    public IReadOnlyList<ClassKey> Classes => field ??= [.. Models.Keys];

    /// <summary>What the node does; it runs tasks in any case.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Worker;

    public Liveness Liveness { get; init; } = Liveness.Default;

    /// <summary>How long results of a submitter that is down are kept.</summary>
    public long KeepUndeliveredMs { get; init; } = (long)TimeSpan.FromDays(7).TotalMilliseconds;

    /// <summary>How many bytes of them.</summary>
    public long MaxUndeliveredBytes { get; init; } = 256 << 20;

    public long AgeEveryMs { get; init; } = 30_000;

    /// <summary>Whether an assignment has not been obeyed yet; for simulations that break a rule on purpose.</summary>
    public Func<ObeyedEpochs, Epoch, bool> TryObey { get; init; } = static (obeyed, epoch) => obeyed.TryObey(epoch);

    public bool Serves(ClassKey @class) => Models.ContainsKey(@class);

    /// <summary>A checkpoint may name a model that its class has no longer: then the last one goes on.</summary>
    public string DeviceOf(ClassKey @class, int model)
    {
        var models = Models[@class];
        return models[Math.Min(model, models.Count - 1)];
    }

    public static IReadOnlyDictionary<string, int> Processors(int lanes) => new Dictionary<string, int> { [Processor] = lanes };
}

/// <summary>What a node's machine knows of its own load.</summary>
internal readonly record struct LoadSeen(int Lanes, int Running, int Waiting, IReadOnlyDictionary<string, int> FreeDevices);
