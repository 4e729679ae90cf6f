using System.Net;
using Microsoft.Extensions.Options;

namespace Rqml.Transports.Grpc;

/// <summary>Where a node listens over gRPC, how it connects, and what its service takes.</summary>
public sealed class GrpcOptions
{
    /// <summary>
    /// Where the host's own node listens: <c>grpc://host:port</c>, the host being a name or an address of this machine, or 0.0.0.0 or [::] for all. Port 0 takes any that is
    /// free. In a host whose own server was given <c>MapRqmlGrpc</c> it is where that server is reached, and names its port.
    /// </summary>
    /// <value>Default <c>grpc://127.0.0.1:0</c>. Beyond loopback it takes <see cref="RqmlOptions.AllowPlaintext"/>, as the transport does not encrypt.</value>
    public string Listen { get; set; } = "grpc://127.0.0.1:0";

    /// <summary>The host by which others reach it, where that is another than it listens at: behind a port mapping, or where it listens at all addresses.</summary>
    /// <value>Default null: the host of <see cref="Listen"/>. A host name or an address.</value>
    public string? AdvertisedHost { get; set; }

    /// <summary>How long to wait for a connection, and for the node behind it to take the link.</summary>
    /// <value>Default 3 s. From 100 ms to 1 min.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Receives into buffers of 64 KiB instead of 4 KiB in the node's own server: about twice the throughput, for 64 KiB an idle connection. A host's own server is left as it is; see <c>AddRqmlGrpcReceiveBuffers</c>.</summary>
    /// <value>Default true.</value>
    public bool UseLargeReceiveBuffers { get; set; } = true;

    /// <summary>Longest message that the service takes or gives: a payload or an artifact, with what is beside it. Links have a bound of their own.</summary>
    /// <value>Default 4 MiB. From 64 KiB to 64 MiB.</value>
    public int MaxMessageBytes { get; set; } = 4 << 20;

    internal Uri ListenUri => new(Listen);
}

/// <summary>Names every fault of <see cref="GrpcOptions"/> at once.</summary>
internal sealed class GrpcOptionsValidator : IValidateOptions<GrpcOptions>
{
    public ValidateOptionsResult Validate(string? name, GrpcOptions options)
    {
        var faults = new List<string>();
        var isAddress = Uri.TryCreate(options.Listen, UriKind.Absolute, out var listen) && listen.Scheme == GrpcTransport.SchemeName && listen.Host.Length > 0 && listen.Port >= 0;
        Check(isAddress, nameof(options.Listen), options.Listen, "grpc://host:port");
        Check(options.AdvertisedHost is not { } host || Uri.CheckHostName(host) != UriHostNameType.Unknown, nameof(options.AdvertisedHost), options.AdvertisedHost, "a host name or an address");
        if (isAddress && options.AdvertisedHost is null && IPAddress.TryParse(listen!.DnsSafeHost, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
        {
            faults.Add($"{nameof(GrpcOptions)}.{nameof(options.AdvertisedHost)} is null; where {nameof(options.Listen)} is '{options.Listen}' it takes the host by which others reach this one.");
        }

        Check(options.ConnectTimeout >= TimeSpan.FromMilliseconds(100) && options.ConnectTimeout <= TimeSpan.FromMinutes(1), nameof(options.ConnectTimeout), options.ConnectTimeout, "100 ms to 1 min");
        Check(options.MaxMessageBytes is >= 64 << 10 and <= 64 << 20, nameof(options.MaxMessageBytes), options.MaxMessageBytes, "64 KiB to 64 MiB");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Check(bool holds, string option, object? value, string range)
        {
            if (!holds) faults.Add($"{nameof(GrpcOptions)}.{option} is '{value}'; it takes {range}.");
        }
    }
}
