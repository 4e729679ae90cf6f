namespace Rqml.Storage.Etcd.Endpoints;

/// <summary>Reads the list of endpoints, and says it without what nobody should see.</summary>
internal static class EndpointList
{
    public const int Most = 16;

    /// <summary>The addresses; null where they are none, too many, of both schemes, or say more than a host and a port.</summary>
    public static IReadOnlyList<Uri>? Parse(string? endpoints)
    {
        var addresses = new List<Uri>();
        foreach (var part in Parts(endpoints))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var address) || !IsAddress(address)) return null;
            if (!addresses.Contains(address)) addresses.Add(address);
        }

        return addresses.Count is > 0 and <= Most && addresses.All(address => address.Scheme == addresses[0].Scheme) ? addresses : null;
    }

    /// <summary>For logs and errors: whoever wrote a password into an address does not find it there.</summary>
    public static string Describe(string? endpoints) => string.Join(',', Parts(endpoints).Select(DescribeOne));

    private static string[] Parts(string? endpoints) => (endpoints ?? "").Split(',', StringSplitOptions.TrimEntries);

    private static bool IsAddress(Uri address) =>
        (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) && address.Host.Length > 0 && address.UserInfo.Length == 0 && address.PathAndQuery == "/" && address.Fragment.Length == 0;

    private static string DescribeOne(string part)
    {
        var at = part.LastIndexOf('@');
        if (at < 0) return part;
        var scheme = part.IndexOf("://", StringComparison.Ordinal);
        return scheme >= 0 && scheme < at ? $"{part[..(scheme + 3)]}…{part[at..]}" : $"…{part[at..]}";
    }
}
