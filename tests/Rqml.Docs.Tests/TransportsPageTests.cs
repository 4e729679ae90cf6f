using System.Text.RegularExpressions;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Docs.Tests;

/// <summary>The page of transports promises what the code promises.</summary>
public sealed partial class TransportsPageTests
{
    private static readonly string Page = Repository.Read("docs/transports.md");

    [Fact]
    public void Each_channel_has_a_row_with_its_promise()
    {
        var expected = ChannelPromise.All.Select(promise => (promise.Name, Words(promise.Delivery), Words(promise.WhenFull), Words(promise.Lane)));
        Assert.Equal(expected, PromiseRow().Matches(Page).Select(row => (row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value, row.Groups[4].Value)));
    }

    [Fact]
    public void Each_fault_of_a_link_has_a_row() =>
        Assert.Equal(Enum.GetNames<LinkFault>().Where(name => name != nameof(LinkFault.None)).Order(), FaultRow().Matches(Page).Select(row => row.Groups[1].Value).Where(name => Enum.TryParse<LinkFault>(name, out _)).Order());

    [Fact]
    public void The_figures_are_those_of_the_code()
    {
        var settings = new LinkSettings();
        Assert.Equal((1_000, 3_000, 5_000), (settings.Liveness.HeartbeatMs, settings.Liveness.SuspectMs, settings.Liveness.SilentMs));
        Assert.Equal(4 << 20, settings.SpillBytes);
        Assert.Equal(32 << 20, MessageParts.MostBytes);
        Assert.Equal(2 << 20, TransportCapabilities.LeastMaxBlockBytes);
    }

    /// <summary>AtLeastOnce: "at least once".</summary>
    private static string Words<T>(T value)
        where T : struct, Enum => Capital().Replace(value.ToString(), match => (match.Index == 0 ? "" : " ") + match.Value.ToLowerInvariant());

    [GeneratedRegex(@"^\| `(\w+)` \| ([\w ]+) \| (\w+) \| (\w+) \|$", RegexOptions.Multiline)]
    private static partial Regex PromiseRow();

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex FaultRow();

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
