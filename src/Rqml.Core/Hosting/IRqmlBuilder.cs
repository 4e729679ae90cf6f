using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Nodes;

namespace Rqml;

/// <summary>Composes a host's node. <c>Use…</c> chooses the only one of its kind, a second call throws; <c>Add…</c> adds one of several.</summary>
public interface IRqmlBuilder
{
    /// <summary>The host's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>Registers a task class with its models, rules and limits.</summary>
    IRqmlBuilder AddTaskClass<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, Action<TaskClassBuilder<TPayload, TArtifact>> configure);

    /// <summary>Adds a further worker node to this process, joined to the host's scheduler: for samples and tests.</summary>
    IRqmlBuilder AddNode(string name, Action<IRqmlNodeBuilder>? configure = null);

    /// <summary>
    /// Loads data at the start of the host, before its nodes begin; models read it by <c>context.Dataset&lt;T&gt;(name)</c>. It stays where it is: a node that is cut off
    /// has it. A second call with the same name changes nothing; with another type it is a fault at start.
    /// </summary>
    /// <param name="name">1 to 128 characters.</param>
    /// <param name="load">Loads it; what it throws keeps the host from starting, as <see cref="DatasetFailedException"/>.</param>
    IRqmlBuilder AddDataset<TDataset>(string name, Func<IServiceProvider, CancellationToken, ValueTask<TDataset>> load)
        where TDataset : notnull;

    /// <summary>Gives the host's node this many lanes on devices of a kind, beside its processors. The same kind twice is a fault at start.</summary>
    /// <param name="device">What models ask for: 1 to 32 lower-case letters, digits or '-'; not "cpu".</param>
    /// <param name="lanes">Passes at work at once. From 1 to 1,024.</param>
    IRqmlBuilder AddDevices(string device, int lanes);

    /// <summary>Asks a provider at start how many lanes of its kind the host's node has. Adding it twice is harmless.</summary>
    IRqmlBuilder AddDevices<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TProvider>() where TProvider : class, IDeviceProvider;

    /// <summary>Narrows what this host's node does.</summary>
    IRqmlBuilder Roles(Hosting.NodeRoles roles);

    /// <summary>Joins the scheduler at that address instead of scheduling here; keeps trying until it is there. A further call replaces the address.</summary>
    /// <param name="address">Such as <c>inproc://a</c> for the node "a" of another host in this process, which has called <c>AddInProcess</c>.</param>
    IRqmlBuilder JoinScheduler(string address);

    /// <summary>Lets this host's nodes agree with others on one scheduler: whoever leads is replaced when it dies.</summary>
    /// <param name="name">What an error calls it.</param>
    /// <param name="open">Makes the store, or finds it in the host's services. Whoever makes it disposes of it; several hosts may share one.</param>
    /// <exception cref="InvalidOperationException">A coordination store was chosen before; the message names both.</exception>
    IRqmlBuilder UseCoordinationStore(string name, Func<IServiceProvider, Cluster.ICoordinationStore> open);

    /// <summary>Keeps this node's state in a store.</summary>
    /// <param name="name">What an error calls it.</param>
    /// <param name="open">Makes the store; Rqml opens and disposes it.</param>
    /// <exception cref="InvalidOperationException">A store was chosen before; the message names both.</exception>
    IRqmlBuilder UseStore(string name, Func<IServiceProvider, Storage.IKeyValueStore> open);

    /// <summary>Sets options of the host's node.</summary>
    IRqmlBuilder Configure(Action<RqmlOptions> configure);
}

/// <summary>Composes a further node of the process.</summary>
public interface IRqmlNodeBuilder
{
    /// <summary>Keeps that node's state in a store.</summary>
    /// <exception cref="InvalidOperationException">A store was chosen before; the message names both.</exception>
    IRqmlNodeBuilder UseStore(string name, Func<IServiceProvider, Storage.IKeyValueStore> open);

    /// <summary>Worker lanes of that node, from 1 to 4,096; default: those of the host's options.</summary>
    IRqmlNodeBuilder Lanes(int lanes);

    /// <summary>Gives that node lanes on devices of a kind, beside its processors.</summary>
    /// <param name="device">What models ask for: 1 to 32 lower-case letters, digits or '-'; not "cpu".</param>
    /// <param name="lanes">Passes at work at once. From 1 to 1,024.</param>
    IRqmlNodeBuilder AddDevices(string device, int lanes);
}
