using System.Diagnostics;

namespace Rqml;

/// <summary>A kind of task: its name, its version and the types of payload and artifact. Make one per kind and keep it in a static field.</summary>
[DebuggerDisplay("{Name} v{Version}")]
public abstract class TaskClass
{
    internal const int MaxNameLength = 128;

    private protected TaskClass(string name, int version)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Length > MaxNameLength) throw new ArgumentException($"A task class's name has at most {MaxNameLength} characters, not {name.Length}.", nameof(name));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(version);
        Name = name;
        Version = version;
        Key = new(name, version);
    }

    /// <summary>The name; with the version unique in a host.</summary>
    public string Name { get; }

    /// <summary>The version; tasks stay with the version that they were submitted for. Default 1.</summary>
    public int Version { get; }

    internal ClassKey Key { get; }
}

/// <summary>Name and version of a task class: what nodes advertise and tasks ask for.</summary>
internal readonly record struct ClassKey(string Name, int Version)
{
    private readonly int _hash = HashCode.Combine(Name, Version);      // each task looks a dozen things up by its class

    public override int GetHashCode() => _hash;

    public override string ToString() => $"{Name} v{Version}";
}
