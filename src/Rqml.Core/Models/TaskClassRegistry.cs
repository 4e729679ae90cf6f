using System.Collections.Frozen;

namespace Rqml.Models;

/// <summary>The task classes of a host, as a snapshot that never changes.</summary>
internal sealed class TaskClassRegistry
{
    private readonly FrozenDictionary<ClassKey, TaskClassDefinition> _classes;

    public TaskClassRegistry(IEnumerable<TaskClassDefinition> classes) => _classes = classes.ToFrozenDictionary(definition => definition.Key);

    public IEnumerable<TaskClassDefinition> All => _classes.Values;

    /// <exception cref="UnknownTaskClassException">It is not registered.</exception>
    public TaskClassDefinition Get(string name, int version) =>
        Find(new ClassKey(name, version)) ?? throw new UnknownTaskClassException(name, version);

    public TaskClassDefinition? Find(ClassKey key) => _classes.GetValueOrDefault(key);
}
