using System.Net;
using Microsoft.Extensions.Options;

namespace Rqml.Transports.ZeroMq;

/// <summary>Where a node listens over ZeroMQ, and how it connects.</summary>
public sealed class ZeroMqOptions
{
    /// <summary>Where the host's own node listens: <c>zmq://host:port</c>, the host being a name or an address of this machine, or 0.0.0.0 or [::] for all. Port 0 takes any that is free.</summary>
    /// <value>Default <c>zmq://127.0.0.1:0</c>. Beyond loopback it takes <see cref="RqmlOptions.AllowPlaintext"/>, as the transport does not encrypt.</value>
    public string Listen { get; set; } = "zmq://127.0.0.1:0";

    /// <summary>The host by which others reach it, where that is another than it listens at: behind a port mapping, or where it listens at all addresses.</summary>
    /// <value>Default null: the host of <see cref="Listen"/>. A host name or an address.</value>
    public string? AdvertisedHost { get; set; }

    /// <summary>How long to wait until a link is open: the connection, ZeroMQ's greeting and the other end's answer together.</summary>
    /// <value>Default 3 s. From 100 ms to 1 min.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long an end that closes a link waits until the other end says that it has everything.</summary>
    /// <value>Default 2 s. From 10 ms to 1 min.</value>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(2);

    internal Uri ListenUri => new(Listen);
}

/// <summary>Names every fault of <see cref="ZeroMqOptions"/> at once.</summary>
internal sealed class ZeroMqOptionsValidator : IValidateOptions<ZeroMqOptions>
{
    public ValidateOptionsResult Validate(string? name, ZeroMqOptions options)
    {
        var faults = new List<string>();
        var isAddress = Uri.TryCreate(options.Listen, UriKind.Absolute, out var listen) && listen.Scheme == ZeroMqTransport.SchemeName && listen.Host.Length > 0 && listen.Port >= 0;
        if (!isAddress) faults.Add($"{nameof(ZeroMqOptions)}.{nameof(options.Listen)} is '{options.Listen}'; it takes zmq://host:port.");
        if (options.AdvertisedHost is { } host && Uri.CheckHostName(host) == UriHostNameType.Unknown) faults.Add($"{nameof(ZeroMqOptions)}.{nameof(options.AdvertisedHost)} is '{host}'; it takes a host name or an address.");
        if (isAddress && options.AdvertisedHost is null && IPAddress.TryParse(listen!.DnsSafeHost, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
        {
            faults.Add($"{nameof(ZeroMqOptions)}.{nameof(options.AdvertisedHost)} is null; where {nameof(options.Listen)} is '{options.Listen}' it takes the host by which others reach this one.");
        }

        if (options.ConnectTimeout < TimeSpan.FromMilliseconds(100) || options.ConnectTimeout > TimeSpan.FromMinutes(1)) faults.Add($"{nameof(ZeroMqOptions)}.{nameof(options.ConnectTimeout)} is '{options.ConnectTimeout}'; it takes 100 ms to 1 min.");
        if (options.CloseTimeout < TimeSpan.FromMilliseconds(10) || options.CloseTimeout > TimeSpan.FromMinutes(1)) faults.Add($"{nameof(ZeroMqOptions)}.{nameof(options.CloseTimeout)} is '{options.CloseTimeout}'; it takes 10 ms to 1 min.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
