using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml.Hosting;
using Rqml.Supervision.Events;

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
    [InlineData("Lanes", "0", "RqmlOptions.Lanes is '0'; it takes 1 to 4,096.")]
    [InlineData("Lanes", "many", "Rqml:Lanes is 'many'; it takes a whole number, 1 to 4,096.")]
    [InlineData("Lanes", "", "Rqml:Lanes is ''; it takes a whole number, 1 to 4,096.")]
    [InlineData("Lanes:Many", "4", "Rqml:Lanes is a section; it takes a whole number, 1 to 4,096.")]
    [InlineData("Seed", "-1", "Rqml:Seed is '-1'; it takes a whole number that is not negative.")]
    [InlineData("AllowPlaintext", "yes", "Rqml:AllowPlaintext is 'yes'; it takes true or false.")]
    [InlineData("Events:SpikeZ", "1,5", "Rqml:Events:SpikeZ is '1,5'; it takes a number, 1 to 1,000.")]
    [InlineData("Events:SpikeZ", "0.5", "RqmlOptions.Events.SpikeZ is '0.5'; it takes 1 to 1,000.")]
    [InlineData("KeepResults", "forever", "Rqml:KeepResults is 'forever'; it takes a time such as 00:00:10, or nothing, zero to 3650 days.")]
    [InlineData("DrainTimeout", "2:00:00:00", "RqmlOptions.DrainTimeout is '2.00:00:00'; it takes zero to 1 h.")]
    [InlineData("Heartbeat", "soon", "Rqml:Heartbeat is 'soon'; it takes a time such as 00:00:10, 50 ms to 2 s.")]
    public async Task What_is_out_of_range_or_unreadable_keeps_the_host_from_starting_and_is_named_with_its_value_and_what_it_takes(string key, string value, string named)
    {
        using var host = Build(new() { [$"Rqml:{key}"] = value });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Equal([named], error.Failures);
    }

    [Theory]
    [InlineData("Lane", "8", "Rqml:Lane is no option of Rqml; the nearest is Lanes.")]
    [InlineData("keepresult", "1", "Rqml:keepresult is no option of Rqml; the nearest is KeepResults.")]
    [InlineData("Events:SpikesZ", "6", "Rqml:Events:SpikesZ is no option of Rqml; the nearest is Events:SpikeZ.")]
    [InlineData("Event:SpikeZ", "6", "Rqml:Event is no option of Rqml; the nearest is Events.")]
    [InlineData("Colour", "red", "Rqml:Colour is no option of Rqml; it takes NodeName, Lanes, ")]
    [InlineData("Events:Colour:Of", "red", "Rqml:Events:Colour is no option of Rqml; it takes NodeName, Lanes, ")]
    public async Task A_key_that_is_no_option_keeps_the_host_from_starting_and_the_nearest_is_named(string key, string value, string named)
    {
        using var host = Build(new() { [$"Rqml:{key}"] = value });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.StartsWith(named, Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_of_a_configuration_are_named_at_once()
    {
        using var host = Build(new() { ["Rqml:Lane"] = "8", ["Rqml:Heartbeat"] = "soon", ["Rqml:MaxOpenTasks"] = "0" });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public async Task Sections_of_others_below_ours_and_keys_in_any_case_are_taken()
    {
        using var host = Build(new() { ["Rqml:Http:MaxEventStreams"] = "5", ["Rqml:Store:Path"] = "data", ["rqml:LANES"] = "3", ["Rqml:KeepResults"] = "" });
        await host.StartAsync();
        var options = host.Services.GetRequiredService<IOptions<RqmlOptions>>().Value;
        Assert.Equal((3, null), (options.Lanes, options.KeepResults));
        await host.StopAsync();
    }

    [Fact]
    public async Task Of_a_whole_configuration_only_the_options_are_looked_at()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Lanes", "3"), new("PATH", "/bin"), new("Lane", "1")]).Build();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(configuration, rqml => { });
        using var host = builder.Build();
        await host.StartAsync();
        Assert.Equal(3, host.Services.GetRequiredService<IOptions<RqmlOptions>>().Value.Lanes);
        await host.StopAsync();
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
    public void Every_option_can_be_configured_and_is_either_reloaded_or_said_to_need_a_restart()
    {
        var options = Settable(typeof(RqmlOptions)).Concat(Settable(typeof(EventOptions)).Select(name => $"Events:{name}"));
        Assert.Equal(options.Order(StringComparer.Ordinal), KnownOptions.All.Select(option => option.Key).Order(StringComparer.Ordinal));
        Assert.All(LiveOptions.Reloaded, option => Assert.Contains(KnownOptions.All, known => known.Key == option));

        static IEnumerable<string> Settable(Type type) => type.GetProperties().Where(property => property.SetMethod is not null).Select(property => property.Name);
    }

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
