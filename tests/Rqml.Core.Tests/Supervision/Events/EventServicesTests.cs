using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Supervision.Events;

public sealed class EventServicesTests
{
    [Fact]
    public async Task A_host_has_one_bus_and_its_end_ends_the_subscriptions()
    {
        Task<List<RqmlEvent>> reading;
        await using (var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).Configure(options => options.Events.Capacity = 2)))
        {
            reading = TestEvents.AllOf(host.Services.GetRequiredService<IRqmlEvents>().Subscribe());
            for (var number = 1; number <= 3; number++) host.Services.GetRequiredService<EventBus>().Publish(TestEvents.Flag(number));
        }

        Assert.Equal(3, TestEvents.NumberOf((await reading)[^1]));
    }

    [Fact]
    public async Task All_faults_of_the_options_are_named_at_once()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).Configure(options =>
        {
            options.Events.NoveltyAt = 0;
            options.Events.ConsistencyBelow = double.NaN;
            options.Events.DisagreementAt = 1.5;
            options.Events.SpikeZ = 0.5;
            options.Events.SpikeSamples = 129;
            options.Events.Capacity = 0;
            options.Events.PerSecond = 0;
            options.Events.Burst = 0;
        })));
        Assert.Contains("RqmlOptions.Events.NoveltyAt is '0'; it takes above 0, to 1.", error.Failures);
        Assert.Contains("RqmlOptions.Events.SpikeSamples is '129'; it takes 8 to 128.", error.Failures);
        Assert.Equal(8, error.Failures.Count());
    }
}
