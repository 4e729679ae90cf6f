using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Tests;

public sealed class ConfigurationTests
{
    [Fact]
    public void A_section_of_the_configuration_is_bound_and_has_the_last_word()
    {
        using var host = Build(new() { ["Rqml:Lanes"] = "3", ["Rqml:KeepResults"] = "01:00:00", ["Rqml:Events:SpikeZ"] = "7.5" }, rqml => rqml.Configure(options => (options.Lanes, options.InboundPerLane) = (8, 2)));
        var options = host.Services.GetRequiredService<IOptions<RqmlOptions>>().Value;
        Assert.Equal((3, 2, TimeSpan.FromHours(1), 7.5), (options.Lanes, options.InboundPerLane, options.KeepResults, options.Events.SpikeZ));
    }

    [Fact]
    public void Environment_variables_are_heard()
    {
        Environment.SetEnvironmentVariable("RQMLTEST_Rqml__Lanes", "5");
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables("RQMLTEST_").Build();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(configuration.GetSection("Rqml"), rqml => { });
        using var host = builder.Build();
        Assert.Equal(5, host.Services.GetRequiredService<IOptions<RqmlOptions>>().Value.Lanes);
    }

    [Theory]
    [InlineData("Lanes", "0", "RqmlOptions.Lanes is '0'; it takes 1 to 1,024.")]
    [InlineData("Lanes", "many", "'many' at 'Rqml:Lanes'")]
    [InlineData("DrainTimeout", "2:00:00:00", "RqmlOptions.DrainTimeout is '2.00:00:00'; it takes zero to 1 h.")]
    [InlineData("Heartbeat", "soon", "'soon' at 'Rqml:Heartbeat'")]
    public async Task What_is_out_of_range_or_unreadable_keeps_the_host_from_starting_and_is_named_with_its_value(string key, string value, string named)
    {
        using var host = Build(new() { [$"Rqml:{key}"] = value });
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_change_at_run_time_does_and_the_rest_is_said_to_need_a_restart()
    {
        var log = new LogLines();
        var settings = new Dictionary<string, string?> { ["Rqml:MaxOpenTasks"] = "1", ["Rqml:KeepResults"] = "01:00:00" };
        var gate = new Gate();
        using var host = Build(settings, rqml => gate.AddTo(rqml), log);
        await host.StartAsync();
        var (client, rqml) = (host.Services.GetRequiredService<IRqmlClient>(), host.Services.GetRequiredService<RqmlHost>());
        var first = await client.SubmitAsync(gate.Class, 1);
        var waiting = client.SubmitAsync(gate.Class, 2).AsTask();
        Assert.False(waiting.IsCompleted);

        Change(host, ("Rqml:MaxOpenTasks", "10"), ("Rqml:KeepResults", "02:00:00"), ("Rqml:Lanes", "7"));
        var second = await waiting.WaitAsync(TimeSpan.FromSeconds(30));      // who waited for room has it
        Assert.Equal((10, TimeSpan.FromHours(2)), (rqml.Admission.MaxOpen, rqml.KeepResults));
        Assert.Contains(log.Lines, line => line.StartsWith("1005 Option Lanes has changed to '7'", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.StartsWith("1006 ", StringComparison.Ordinal));

        Change(host, ("Rqml:MaxOpenTasks", "0"), ("Rqml:KeepResults", "03:00:00"));
        Assert.Equal((10, TimeSpan.FromHours(2)), (rqml.Admission.MaxOpen, rqml.KeepResults));      // all or nothing
        Assert.Contains(log.Lines, line => line == "1004 Changed options were not taken, those before go on: RqmlOptions.MaxOpenTasks is '0'; it takes 1 to 10,000,000.");
        gate.Release();
        await Task.WhenAll(first.Completion, second.Completion).WaitAsync(TimeSpan.FromSeconds(30));
        await host.StopAsync();
    }

    [Fact]
    public void Every_option_is_either_reloaded_or_said_to_need_a_restart() =>
        Assert.Equal(typeof(RqmlOptions).GetProperties().Where(property => property.SetMethod is not null).Select(property => property.Name).Order(StringComparer.Ordinal), LiveOptions.Known.Order(StringComparer.Ordinal));

    private static IHost Build(Dictionary<string, string?> settings, Action<IRqmlBuilder>? rqml = null, LogLines? log = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        if (log is not null) builder.Logging.AddProvider(log);
        builder.Services.AddRqml(builder.Configuration.GetSection("Rqml"), node => rqml?.Invoke(node));
        return builder.Build();
    }

    /// <summary>As when a file has changed.</summary>
    private static void Change(IHost host, params ReadOnlySpan<(string Key, string Value)> changes)
    {
        var configuration = (IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>();
        foreach (var (key, value) in changes) configuration[key] = value;
        try
        {
            configuration.Reload();
        }
        catch (AggregateException)
        {
            // The framework's own monitor of the options throws at whoever changes them to what is invalid; a file's watcher does not hear it.
        }
    }
}
