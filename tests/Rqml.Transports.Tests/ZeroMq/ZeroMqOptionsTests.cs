using Microsoft.Extensions.DependencyInjection;
using Rqml.Messaging;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

public sealed class ZeroMqOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.Null(Fault(new ZeroMqOptions()));

    [Fact]
    public void Every_fault_is_named_at_once_with_value_and_range()
    {
        var fault = Fault(new ZeroMqOptions { Listen = "tcp://127.0.0.1:0", AdvertisedHost = "no host", ConnectTimeout = TimeSpan.Zero, CloseTimeout = TimeSpan.FromHours(1) });

        Assert.NotNull(fault);
        foreach (var part in new[] { "Listen is 'tcp://127.0.0.1:0'; it takes zmq://host:port", "AdvertisedHost is 'no host'", "ConnectTimeout is '00:00:00'; it takes 100 ms to 1 min", "CloseTimeout is '01:00:00'; it takes 10 ms to 1 min" })
        {
            Assert.Contains(part, fault, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("zmq://0.0.0.0:7400")]
    [InlineData("zmq://[::]:7400")]
    public void Who_listens_at_all_addresses_says_by_which_others_reach_it(string listen)
    {
        Assert.Contains("AdvertisedHost is null", Fault(new ZeroMqOptions { Listen = listen }), StringComparison.Ordinal);
        Assert.Null(Fault(new ZeroMqOptions { Listen = listen, AdvertisedHost = "node-1" }));
    }

    [Fact]
    public void Adding_it_twice_is_harmless()
    {
        Assert.Equal(Transports(rqml => { }) + 1, Transports(rqml => rqml.AddZeroMq()));
        Assert.Equal(Transports(rqml => rqml.AddZeroMq()), Transports(rqml => rqml.AddZeroMq().AddZeroMq(zmq => zmq.Listen = "zmq://127.0.0.1:7400")));
    }

    private static string? Fault(ZeroMqOptions options) => new ZeroMqOptionsValidator().Validate(null, options).FailureMessage;

    private static int Transports(Action<IRqmlBuilder> configure)
    {
        var services = new ServiceCollection();
        services.AddRqml(configure);
        return services.Count(service => service.ServiceType == typeof(ITransport));
    }
}
