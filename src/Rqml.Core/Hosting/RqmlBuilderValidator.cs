using Microsoft.Extensions.Options;
using Rqml.Messaging;

namespace Rqml.Hosting;

/// <summary>Names every fault of what was said to the builder, together with those of the options: one error at start.</summary>
internal sealed class RqmlBuilderValidator(RqmlBuilder builder, IEnumerable<ITransport> transports) : IValidateOptions<RqmlOptions>
{
    public ValidateOptionsResult Validate(string? name, RqmlOptions options)
    {
        List<string> faults = [.. builder.Faults];
        if (builder.SchedulerAddress is { } address && Uri.TryCreate(address, UriKind.Absolute, out var scheduler))
        {
            if (scheduler == new InProcessTransport().AddressFor(options.NodeName, isOwn: true)) faults.Add($"JoinScheduler(address) is '{address}', which is this node itself.");
            if (scheduler.Scheme != InProcessTransport.SchemeName && transports.All(transport => transport.Scheme != scheduler.Scheme)) faults.Add($"JoinScheduler(address) is '{address}'; no transport of this host serves '{scheduler.Scheme}'.");
        }

        foreach (var node in builder.Nodes.Where(node => node.Name == options.NodeName)) faults.Add($"AddNode(name) is '{node.Name}', which is the name of the host's own node.");
        foreach (var transport in transports)
        {
            var listen = transport.AddressFor(options.NodeName, isOwn: true);
            if (transport.Capabilities.IsLocal || transport.Capabilities.IsEncrypted || listen.IsLoopback || options.AllowPlaintext) continue;
            faults.Add($"'{listen}' can be reached from other machines, and '{transport.Scheme}' does not encrypt; {nameof(RqmlOptions)}.{nameof(options.AllowPlaintext)} is '{options.AllowPlaintext}', and has to be true for that.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
