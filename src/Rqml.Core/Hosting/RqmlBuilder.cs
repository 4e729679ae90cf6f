using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Storage;

namespace Rqml.Hosting;

/// <summary>Gathers what the host says; <see cref="RqmlHost"/> builds from it.</summary>
internal sealed class RqmlBuilder(IServiceCollection services) : IRqmlBuilder
{
    private readonly Dictionary<ClassKey, (object Class, Func<IServiceProvider, TaskClassDefinition> Build)> _classes = [];
    private readonly List<RqmlNodeBuilder> _nodes = [];
    private readonly StoreChoice _store = new();

    public IServiceCollection Services { get; } = services;

    public NodeRoles NodeRoles { get; private set; } = NodeRoles.All;

    public string? SchedulerAddress { get; private set; }

    public IReadOnlyList<RqmlNodeBuilder> Nodes => _nodes;

    public Func<IServiceProvider, IKeyValueStore>? Store => _store.Open;

    public List<IDeviceProvider> Devices { get; } = [];

    public List<string> Faults { get; } = [];

    public IRqmlBuilder AddTaskClass<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, Action<TaskClassBuilder<TPayload, TArtifact>> configure)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        ArgumentNullException.ThrowIfNull(configure);
        if (_classes.TryGetValue(taskClass.Key, out var known))
        {
            if (!ReferenceEquals(known.Class, taskClass)) Faults.Add($"Task class '{taskClass.Key}' is registered twice, with two different TaskClass objects.");
            return this;
        }

        var builder = new TaskClassBuilder<TPayload, TArtifact>(taskClass);
        configure(builder);
        Faults.AddRange(builder.Faults);
        _classes.Add(taskClass.Key, (taskClass, builder.Build));
        return this;
    }

    public IRqmlBuilder AddNode(string name, Action<IRqmlNodeBuilder>? configure = null)
    {
        if (_nodes.Any(node => node.Name == name)) return this;
        if (!NodeId.IsValid(name)) Faults.Add($"AddNode(name) is '{name}'; it takes 1 to 64 letters, digits, '-', '_' or '.'.");
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

    public IRqmlBuilder Roles(NodeRoles roles)
    {
        if (roles == 0 || (roles & ~NodeRoles.All) != 0) Faults.Add($"Roles is '{roles}'; it takes one or more of Client, Scheduler and Worker.");
        NodeRoles = roles;
        return this;
    }

    public IRqmlBuilder JoinScheduler(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out _)) Faults.Add($"JoinScheduler(address) is '{address}'; it takes an address such as inproc://name.");
        SchedulerAddress = address;
        NodeRoles &= ~NodeRoles.Scheduler;
        return this;
    }

    public IRqmlBuilder UseStore(string name, Func<IServiceProvider, IKeyValueStore> open)
    {
        _store.Choose(name, open);
        return this;
    }

    public IRqmlBuilder Configure(Action<RqmlOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    public TaskClassRegistry BuildClasses(IServiceProvider provider) => new(_classes.Values.Select(@class => @class.Build(provider)));
}

/// <summary>A further node of the process.</summary>
internal sealed class RqmlNodeBuilder(string name) : IRqmlNodeBuilder
{
    private readonly StoreChoice _store = new();

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
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, 1_024);
        LaneCount = lanes;
        return this;
    }

    public IRqmlNodeBuilder AddDevices(string device, int lanes)
    {
        Devices.Add(new FixedDevices(device, lanes));
        return this;
    }
}

/// <summary>The one store of a node.</summary>
internal sealed class StoreChoice
{
    private string? _name;

    public Func<IServiceProvider, IKeyValueStore>? Open { get; private set; }

    public void Choose(string name, Func<IServiceProvider, IKeyValueStore> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        if (_name is not null) throw new InvalidOperationException($"A node has one store: '{_name}' was chosen before '{name}'.");
        (_name, Open) = (name, open);
    }
}
