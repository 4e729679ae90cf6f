namespace Rqml.Queues;

/// <summary>The classes, requirements and lanes of a queue by name, made when first named and kept: configuration names them, so they stay few.</summary>
internal sealed class ClassTable(SlotTable slots)
{
    private readonly Dictionary<string, ClassQueue> _classes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Requirement> _requirements = new(StringComparer.Ordinal);
    private ClassQueue? _last;

    public IEnumerable<ClassQueue> Classes => _classes.Values;

    public ClassQueue? Find(string taskClass) => _classes.GetValueOrDefault(taskClass);

    public ClassQueue Class(string name)
    {
        if (ReferenceEquals(_last?.Name, name)) return _last;   // tasks of a class bring the same string, often one after another
        if (!_classes.TryGetValue(name, out var found)) _classes.Add(name, found = new(name));
        return _last = found;
    }

    public Requirement Requirement(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_requirements.TryGetValue(name, out var found)) _requirements.Add(name, found = new());
        return found;
    }

    public Lane Lane(string taskClass, string? needs)
    {
        var owner = Class(taskClass);
        if (needs is null) return owner.FreeLane ??= new(owner, null, slots);
        if (owner.Lanes.TryGetValue(needs, out var found)) return found;
        var requirement = Requirement(needs);
        var lane = new Lane(owner, requirement, slots);
        requirement.Lanes.Add(lane);
        owner.Lanes.Add(needs, lane);
        return lane;
    }
}
