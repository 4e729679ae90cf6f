using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rqml.Messaging;
using Rqml.Transports.Tcp;

namespace Rqml.Transports.Tests.Tcp;

public sealed class SocketOptionsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:7400")]
    [InlineData("http://127.0.0.1:7400")]
    [InlineData("tcp://127.0.0.1")]
    [InlineData("tcp://:7400")]
    public void An_address_that_is_none_is_refused_by_name(string listen) => Assert.Contains($"TcpOptions.Listen is '{listen}'", Refusal(rqml => rqml.AddTcp(tcp => tcp.Listen = listen)), StringComparison.Ordinal);

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("tcp://localhost:7400/")]
    [InlineData("tcp://[::1]:7400")]
    public void An_address_of_this_machine_is_taken(string listen) => Assert.Null(Refusal(rqml => rqml.AddTcp(tcp => tcp.Listen = listen)));

    [Theory]
    [InlineData("tcp://0.0.0.0:7400")]
    [InlineData("tcp://[::]:7400")]
    [InlineData("tcp://192.0.2.1:7400")]
    public void Beyond_loopback_nothing_listens_unless_plaintext_is_allowed(string listen)
    {
        Assert.Contains("AllowPlaintext", Refusal(rqml => rqml.AddTcp(tcp => (tcp.Listen, tcp.AdvertisedHost) = (listen, "here.example"))), StringComparison.Ordinal);
        Assert.Null(Refusal(rqml => rqml.AddTcp(tcp => (tcp.Listen, tcp.AdvertisedHost) = (listen, "here.example")).Configure(options => options.AllowPlaintext = true)));
    }

    [Fact]
    public void A_host_that_listens_at_all_its_addresses_says_by_which_it_is_reached() =>
        Assert.Contains("AdvertisedHost is null", Refusal(rqml => rqml.AddTcp(tcp => tcp.Listen = "tcp://0.0.0.0:7400").Configure(options => options.AllowPlaintext = true)), StringComparison.Ordinal);

    [Fact]
    public void A_host_that_is_none_is_refused_by_name() => Assert.Contains("TcpOptions.AdvertisedHost is 'a b'", Refusal(rqml => rqml.AddTcp(tcp => tcp.AdvertisedHost = "a b")), StringComparison.Ordinal);

    [Fact]
    public void A_path_that_leaves_no_room_for_a_nodes_name_is_refused() => Assert.Contains("UnixSocketOptions.Folder", Refusal(rqml => rqml.AddUnixSocket(unix => unix.Folder = "/" + new string('x', 64))), StringComparison.Ordinal);

    [Fact]
    public void A_scheduler_that_no_transport_of_the_host_reaches_is_refused() => Assert.Contains("no transport of this host serves 'tcp'", Refusal(rqml => rqml.AddUnixSocket().JoinScheduler("tcp://127.0.0.1:7400")), StringComparison.Ordinal);

    [Fact]
    public void Adding_a_transport_twice_is_harmless_and_both_calls_configure_it()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml => rqml.AddTcp(tcp => tcp.Listen = "tcp://127.0.0.1:7401").AddTcp(tcp => tcp.AdvertisedHost = "here.example"));
        using var host = builder.Build();

        Assert.Single(host.Services.GetServices<ITransport>());
        var options = host.Services.GetRequiredService<IOptions<TcpOptions>>().Value;
        Assert.Equal(("tcp://127.0.0.1:7401", "here.example"), (options.Listen, options.AdvertisedHost));
    }

    private static string? Refusal(Action<IRqmlBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(configure);
        using var host = builder.Build();
        try
        {
            _ = host.Services.GetRequiredService<IOptions<TcpOptions>>().Value;
            _ = host.Services.GetRequiredService<IOptions<UnixSocketOptions>>().Value;
            _ = host.Services.GetRequiredService<IOptions<RqmlOptions>>().Value;
            return null;
        }
        catch (OptionsValidationException refused)
        {
            return refused.Message;
        }
    }
}
