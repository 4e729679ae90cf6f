using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rqml.Messaging;
using Rqml.Transports.Grpc;

namespace Rqml.Transports.Tests.Grpc;

public sealed class GrpcOptionsTests
{
    [Fact]
    public void Every_fault_is_named_at_once()
    {
        var refused = new GrpcOptionsValidator().Validate(null, new GrpcOptions { Listen = "http://a:1", AdvertisedHost = "a b", ConnectTimeout = TimeSpan.FromMilliseconds(99), MaxMessageBytes = 1 });

        Assert.Equal(
            [
                "GrpcOptions.Listen is 'http://a:1'; it takes grpc://host:port.",
                "GrpcOptions.AdvertisedHost is 'a b'; it takes a host name or an address.",
                "GrpcOptions.ConnectTimeout is '00:00:00.0990000'; it takes 100 ms to 1 min.",
                "GrpcOptions.MaxMessageBytes is '1'; it takes 64 KiB to 64 MiB.",
            ],
            refused.Failures);
    }

    [Theory]
    [InlineData("grpc://0.0.0.0:7400")]
    [InlineData("grpc://[::]:7400")]
    public void Whoever_listens_everywhere_says_where_it_is_reached(string listen)
    {
        var validator = new GrpcOptionsValidator();

        Assert.Contains("AdvertisedHost", Assert.Single(validator.Validate(null, new GrpcOptions { Listen = listen }).Failures!), StringComparison.Ordinal);
        Assert.True(validator.Validate(null, new GrpcOptions { Listen = listen, AdvertisedHost = "a" }).Succeeded);
    }

    [Fact]
    public async Task A_fault_keeps_the_host_from_starting()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => GrpcHost.StartAsync(rqml => rqml.AddCounting(), grpc => grpc.Listen = "nowhere"));

        Assert.Contains("GrpcOptions.Listen", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listening_beyond_this_machine_takes_consent()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => GrpcHost.StartAsync(rqml => rqml.AddCounting(), grpc => (grpc.Listen, grpc.AdvertisedHost) = ("grpc://0.0.0.0:0", "a")));

        Assert.Contains("AllowPlaintext", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Adding_it_twice_configures_one_transport()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting().AddGrpc(grpc => grpc.MaxMessageBytes = 64 << 10).AddGrpc(grpc => grpc.UseLargeReceiveBuffers = false));

        Assert.Single(host.Services.GetServices<ITransport>());
        var options = host.Services.GetRequiredService<IOptions<GrpcOptions>>().Value;
        Assert.Equal((64 << 10, false), (options.MaxMessageBytes, options.UseLargeReceiveBuffers));
        Assert.Equal("local", (await host.Client.NodeReportAsync(new V1.NodeReportRequest())).Node);
    }
}
