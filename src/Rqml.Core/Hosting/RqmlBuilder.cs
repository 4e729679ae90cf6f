using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Rqml.Cluster;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Storage;

namespace Rqml.Hosting;

/// <summary>Gathers what the host says; <see cref="RqmlHost"/> builds from it.</summary>
internal sealed class RqmlBuilder(IServiceCollection services) : IRqmlBuilder
{
    private readonly Dictionary<ClassKey, (object Class, Func<IServiceProvider, TaskClassDefinition> Build)> _classes = [];
    private readonly List<RqmlNodeBuilder> _nodes = [];
    private readonly OnlyChoice<IKeyValueStore> _store = new("A node has one store");
    private readonly OnlyChoice<ICoordinationStore> _coordination = new("A host has one coordination store");
    private readonly List<string> _faults = [];
    private NodeRoles _roles = NodeRoles.All;

    public IServiceCollection Services { get; } = services;

    /// <summary>Who joins a scheduler elsewhere does not schedule, in whatever order it was said.</summary>
    public NodeRoles NodeRoles => SchedulerAddress is null ? _roles : _roles & ~NodeRoles.Scheduler;

    public string? SchedulerAddress { get; private set; }

    public IReadOnlyList<RqmlNodeBuilder> Nodes => _nodes;

    public Func<IServiceProvider, IKeyValueStore>? Store => _store.Open;

    public List<IDeviceProvider> Devices { get; } = [];

    public Func<IServiceProvider, ICoordinationStore>? Coordination => _coordination.Open;

    /// <summary>All that is wrong with what was said, for one error that names it all.</summary>
    public IEnumerable<string> Faults => _faults.Concat(_nodes.SelectMany(node => node.Faults)).Concat(FaultsOfTheWhole());

    public IRqmlBuilder AddTaskClass<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, Action<TaskClassBuilder<TPayload, TArtifact>> configure)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        ArgumentNullException.ThrowIfNull(configure);
        if (_classes.TryGetValue(taskClass.Key, out var known))
        {
            if (!ReferenceEquals(known.Class, taskClass)) _faults.Add($"Task class '{taskClass.Key}' is registered twice, with two different TaskClass objects.");
            return this;
        }

        var builder = new TaskClassBuilder<TPayload, TArtifact>(taskClass);
        configure(builder);
        _faults.AddRange(builder.Faults);
        _classes.Add(taskClass.Key, (taskClass, builder.Build));
        return this;
    }

    public IRqmlBuilder AddNode(string name, Action<IRqmlNodeBuilder>? configure = null)
    {
        if (_nodes.Any(node => node.Name == name)) return this;
        if (!NodeId.IsValid(name)) _faults.Add($"AddNode(name) is '{name}'; it takes 1 to 64 letters, digits, '-', '_' or '.'.");
        var node = new RqmlNodeBuilder(name);
        configure?.Invoke(node);
        _nodes.Add(node);
        return this;
    }

    public IRqmlBuilder AddDevices(string device, int lanes)
    {
        Devices.Add(new FixedDevices(device, lanes));
        return this;
    }

    public IRqmlBuilder AddDevices<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TProvider>() where TProvider : class, IDeviceProvider
    {
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IDeviceProvider, TProvider>());
        return this;
    }

    public IRqmlBuilder AddDataset<TDataset>(string name, Func<IServiceProvider, CancellationToken, ValueTask<TDataset>> load)
        where TDataset : notnull
    {
        ArgumentNullException.ThrowIfNull(load);
        var known = Services.Select(service => service.ImplementationInstance).OfType<Dataset>().FirstOrDefault(dataset => dataset.Name == name);
        if (string.IsNullOrWhiteSpace(name) || name.Length > Dataset.MaxNameLength) _faults.Add($"AddDataset(name) is '{name}'; it takes 1 to {Dataset.MaxNameLength} characters.");
        else if (known is null) Services.AddSingleton(Dataset.Of(name, load));
        else if (known.Type != typeof(TDataset)) _faults.Add($"AddDataset('{name}') is a {typeof(TDataset)}, and was added as a {known.Type} before; it takes one type for a name.");
        return this;
    }

    public IRqmlBuilder Roles(NodeRoles roles)
    {
        if (roles == 0 || (roles & ~NodeRoles.All) != 0) _faults.Add($"Roles is '{roles}'; it takes one or more of Client, Scheduler and Worker.");
        _roles = roles;
        return this;
    }

    public IRqmlBuilder JoinScheduler(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out _)) _faults.Add($"JoinScheduler(address) is '{address}'; it takes an address such as inproc://name.");
        SchedulerAddress = address;
        return this;
    }

    public IRqmlBuilder UseStore(string name, Func<IServiceProvider, IKeyValueStore> open)
    {
        _store.Choose(name, open);
        return this;
    }

    public IRqmlBuilder UseCoordinationStore(string name, Func<IServiceProvider, ICoordinationStore> open)
    {
        _coordination.Choose(name, open);
        return this;
    }

    public IRqmlBuilder Configure(Action<RqmlOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    public TaskClassRegistry BuildClasses(IServiceProvider provider) => new(_classes.Values.Select(@class => @class.Build(provider)));

    private IEnumerable<string> FaultsOfTheWhole()
    {
        if (SchedulerAddress is not null && Coordination is not null) yield return "JoinScheduler and UseCoordinationStore exclude one another: the store says who schedules.";
        if (SchedulerAddress is null && Coordination is null && (_roles & NodeRoles.Scheduler) == 0 && _roles != 0) yield return "Roles leaves out Scheduler, and neither JoinScheduler nor UseCoordinationStore says who schedules.";
    }
}

/// <summary>A further node of the process.</summary>
internal sealed class RqmlNodeBuilder(string name) : IRqmlNodeBuilder
{
    private readonly OnlyChoice<IKeyValueStore> _store = new("A node has one store");
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    public string Name { get; } = name;

    public int? LaneCount { get; private set; }

    public List<IDeviceProvider> Devices { get; } = [];

    public Func<IServiceProvider, IKeyValueStore>? Store => _store.Open;

    public IRqmlNodeBuilder UseStore(string name, Func<IServiceProvider, IKeyValueStore> open)
    {
        _store.Choose(name, open);
        return this;
    }

    public IRqmlNodeBuilder Lanes(int lanes)
    {
        if (lanes is < 1 or > RqmlOptions.MaxLanes) _faults.Add($"AddNode('{Name}'): Lanes(lanes) is '{lanes}'; it takes 1 to {RqmlOptions.MaxLanes:N0}.");
        LaneCount = lanes;
        return this;
    }

    public IRqmlNodeBuilder AddDevices(string device, int lanes)
    {
        Devices.Add(new FixedDevices(device, lanes));
        return this;
    }
}
